/** Talking to a node: one function, typed errors. Answers are bounded, and errors keep the node's own code. */
import { concat, SalusError } from '@salus/core'
import { z } from 'zod'

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
  const { bytes, ...answer } = await receive(url, request, ANSWER_BYTES_MAX)
  return { ...answer, text: new TextDecoder().decode(bytes) }
}

/**
 * The bytes of a good answer, at most `bytesMax` of them.
 * @throws SalusError `unreachable`, `answer-too-large`, and the node's own code for every other answer
 */
export async function sendForBytes(url: string, bytesMax: number): Promise<Uint8Array> {
  const { bytes, ...answer } = await receive(url, {}, bytesMax)
  if (answer.status >= 200 && answer.status < 300) return bytes
  throw errorOf({ ...answer, text: new TextDecoder().decode(bytes) })
}

interface Received extends Omit<HttpAnswer, 'text'> {
  readonly bytes: Uint8Array
}

async function receive(url: string, request: HttpRequest, bytesMax: number): Promise<Received> {
  try {
    const response = await fetch(url, {
      method: request.method ?? 'GET',
      headers: { ...request.headers },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(request.body === undefined ? {} : { body: request.body }),
    })
    const bytes = await readBounded(response, bytesMax)
    return { status: response.status, contentType: response.headers.get('content-type') ?? '', bytes }
  } catch (cause) {
    if (cause instanceof SalusError) throw cause
    throw new SalusError('unreachable', 'the node does not answer', { url: new URL(url).origin }, cause)
  }
}

/** The body, which is let go of as soon as it is too long. */
async function readBounded(response: Response, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) {
      throw new SalusError('answer-too-large', 'the answer of the node is too large', { bytesMax })
    }
    parts.push(chunk)
  }
  return concat(...parts)
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
  const body = ErrorAnswer.safeParse(parseOrNothing(answer.text)).data
  const coding = body?.issue?.[0]?.details?.coding?.[0]?.code
  if (body?.error) {
    return new SalusError(body.error.code, body.error.message, { ...body.error.details, ...status })
  }
  if (coding !== undefined) return new SalusError(coding, body?.issue?.[0]?.diagnostics ?? coding, status)
  return new SalusError(`http-${answer.status}`, 'the node answered with an error', status)
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a node says when it refuses: `{"error"}`, or a FHIR OperationOutcome. */
const ErrorAnswer = z.object({
  error: z
    .object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  issue: z
    .array(
      z.object({
        diagnostics: z.string().optional(),
        details: z.object({ coding: z.array(z.object({ code: z.string() })).optional() }).optional(),
      }),
    )
    .optional(),
})
