/** Requests to other members' nodes: redirects are never followed, and what answers is bounded in time and size. */
import { SalusError } from '@salus/core'

export interface MemberRequest {
  readonly method?: string
  readonly headers?: HeadersInit
  readonly body?: string | URLSearchParams | Buffer<ArrayBuffer>
  /** What to do where the other side points elsewhere: fail, or pass that on. */
  readonly redirect: 'error' | 'manual'
  readonly timeoutMs: number
  readonly replyBytesMax: number
}

export interface MemberReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/**
 * Sends a request and reads the whole answer, whatever its status.
 * @throws SalusError `exchange-unreachable`, `exchange-answer` when it is too large
 */
export async function fetchMember(url: string, request: MemberRequest): Promise<MemberReply> {
  const { timeoutMs, replyBytesMax, ...init } = request
  let response: Response
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > replyBytesMax) break
      chunks.push(chunk)
    }
  } catch (cause) {
    throw new SalusError('exchange-unreachable', 'the other member does not answer', {}, cause)
  }
  if (bytes > replyBytesMax) {
    throw new SalusError('exchange-answer', 'the other member’s answer is too large', { replyBytesMax })
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) }
}

/** The answer as JSON. @throws SalusError `exchange-answer` */
export function replyJson({ body }: MemberReply): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new SalusError('exchange-answer', 'the other member’s answer is not JSON', {}, cause)
  }
}
