/** Looks for a port that somebody else listens on, before anything is started. */
import { createServer } from 'node:net'

/** The first of `count` ports from `first` that cannot be listened on, or undefined. */
export async function findBusyPort(host: string, first: number, count: number): Promise<number | undefined> {
  for (let port = first; port < first + count; port++) {
    if (!(await isFree(host, port))) return port
  }
  return undefined
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
