/** Requests as they are written: no client tidies the path, the headers or the body. */
import { request } from 'node:http'
import { type Reply, toReply } from './fhir.ts'

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

/** Sends to the host of `base`; header values are bytes, one for each UTF-16 unit. */
export function sendRaw(base: string, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<Reply> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const call = request(
      { hostname, port, method, path, headers: { ...headers }, insecureHTTPParser: false },
      (message) => {
        const chunks: Buffer[] = []
        message.on('data', (chunk: Buffer) => chunks.push(chunk))
        message.on('error', reject)
        message.on('end', () => {
          const status = message.statusCode ?? 0
          const known = Object.entries(message.headers).map(
            ([name, value]) => [name, String(value)] as [string, string],
          )
          const empty = chunks.length === 0 || status === 204 || status === 304
          resolve(toReply(new Response(empty ? null : Buffer.concat(chunks), { status, headers: known })))
        })
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}
