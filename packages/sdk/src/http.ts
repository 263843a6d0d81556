/** Talking to a node: one function, typed errors. Answers are bounded, and errors keep the node's own code. */
import { SalusError } from '@salus/core'

/** Longest answer that is read, in bytes. */
export const ANSWER_BYTES_MAX = 256 * 1024 * 1024
const TIMEOUT_MS = 120_000

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

/**
 * Sends a request and reads the whole answer, whatever its status.
 * @throws SalusError `unreachable`, `answer-too-large`
 */
export async function send(url: string, request: HttpRequest = {}): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, {
      method: request.method ?? 'GET',
      headers: { ...request.headers },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(request.body === undefined ? {} : { body: request.body }),
    })
    const text = await response.text()
    if (text.length > ANSWER_BYTES_MAX) throw new SalusError('answer-too-large', 'the answer of the node is too large')
    return { status: response.status, contentType: response.headers.get('content-type') ?? '', text }
  } catch (cause) {
    if (cause instanceof SalusError) throw cause
    throw new SalusError('unreachable', 'the node does not answer', { url: new URL(url).origin }, cause)
  }
}

/**
 * Sends a request and returns the text of a good answer.
 * @throws SalusError with the node's own code for every other answer
 */
export async function sendForText(url: string, request: HttpRequest = {}): Promise<string> {
  const answer = await send(url, request)
  if (answer.status >= 200 && answer.status < 300) return answer.text
  throw errorOf(answer)
}

/** As {@link sendForText}, parsed as JSON. @throws SalusError `answer-malformed` too */
export async function sendForJson(url: string, request: HttpRequest = {}): Promise<unknown> {
  return parseJson(await sendForText(url, request))
}

/** Sends `body` as JSON. */
export function postJson(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  return sendForJson(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SalusError('answer-malformed', 'the answer of the node is not JSON', {}, cause)
  }
}

/** The error that an answer reports: a node's `{"error"}` or a FHIR OperationOutcome. */
function errorOf(answer: HttpAnswer): SalusError {
  const status = { status: answer.status }
  let body: unknown
  try {
    body = JSON.parse(answer.text)
  } catch {
    return new SalusError(`http-${answer.status}`, 'the node answered with an error', status)
  }
  const { error, issue } = body as {
    error?: { code?: unknown; message?: unknown; details?: Record<string, unknown> }
    issue?: { diagnostics?: unknown; details?: { coding?: { code?: unknown }[] } }[]
  }
  if (typeof error?.code === 'string') {
    return new SalusError(error.code, String(error.message ?? error.code), { ...error.details, ...status })
  }
  const code = issue?.[0]?.details?.coding?.[0]?.code
  if (typeof code === 'string') return new SalusError(code, String(issue?.[0]?.diagnostics ?? code), status)
  return new SalusError(`http-${answer.status}`, 'the node answered with an error', status)
}
