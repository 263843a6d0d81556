/** A closed loop of requests over kept connections, from the process of the benchmark. */
import { Agent, request } from 'node:http'

export interface Target {
  readonly method: string
  readonly path: string
  readonly body?: string
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly perSecond: number
}

/** Sends `count` requests, `inFlight` at a time; `next` gives each. Throws on an answer of 400 or above. */
export async function load(
  port: number,
  authorization: string,
  count: number,
  inFlight: number,
  next: (i: number) => Target,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const started = process.hrtime.bigint()
  let sent = 0
  const worker = async (): Promise<void> => {
    while (sent < count) await once(agent, port, authorization, next(sent++))
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  agent.destroy()
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  return { requests: count, seconds, perSecond: count / seconds }
}

/** One request; resolves to the text of the answer. */
export function once(agent: Agent, port: number, authorization: string, target: Target): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'content-type': 'application/fhir+json' }
    const sent = request(
      { agent, host: '127.0.0.1', port, method: target.method, path: target.path, headers },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          if ((reply.statusCode ?? 500) >= 400)
            reject(new Error(`${target.method} ${target.path}: ${text.slice(0, 300)}`))
          else resolve(text)
        })
      },
    )
    sent.on('error', reject)
    sent.end(target.body)
  })
}
