/** Ports for a network under test, which listens on several that follow each other. */
import { createServer } from 'node:net'

/** Those of the demo: its status page and three members. */
export const DEMO_PORTS = 4
/** On CometBFT: the status page, four members and their validators. */
export const COMETBFT_DEMO_PORTS = 9
/** Below the range from which Linux picks ports for outgoing connections. */
const FIRST_PORT = 20_000
const LAST_PORT = 32_000

/** The first of so many ports in a row on which nobody listens. */
export async function freePorts(count: number = DEMO_PORTS): Promise<number> {
  for (;;) {
    const first = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    const ports = Array.from({ length: count }, (_, i) => first + i)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
