/**
 * Requests of signed-in staff to their own node. The session's cookie goes along by itself; `X-Salus-Csrf` is its other
 * half, which lives in this module's memory and comes from `GET /session`. Answers are parsed by a schema, always.
 */
import { SalusError } from '@salus/core'
import { type HttpRequest, parseAnswer, parseJson, sendForText } from '@salus/sdk'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { z } from 'zod'

const Session = z.object({
  csrf: z.string(),
  name: z.string(),
  kind: z.enum(['operator', 'practitioner']),
  practitioner: z.string().nullable(),
  scopes: z.string(),
  provedAtMs: z.number(),
})
export type StaffSession = z.infer<typeof Session>
const SessionAnswer = z.object({ session: Session.nullable() })

let csrf: string | undefined

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => keep(parseJson(await sendForText(`${location.origin}/session`))),
  staleTime: 60_000,
})

/** Who is signed in: undefined while that is asked, null for nobody. */
export function useSession(): StaffSession | null | undefined {
  return useQuery(sessionQuery).data
}

/** Takes a session out of an answer of `/session…`. */
export function keep(answer: unknown): StaffSession | null {
  const { session } = parseAnswer(SessionAnswer, answer)
  csrf = session?.csrf
  return session
}

export interface StaffRequest extends Omit<HttpRequest, 'body'> {
  /** Sent as JSON, as FHIR where the path is one of FHIR's. */
  readonly body?: unknown
}

/**
 * Sends a request as the signed-in user; the answer's text.
 * @throws SalusError `session-missing`, `unreachable`, and the node's own codes
 */
export async function staffText(path: string, { body, headers, ...request }: StaffRequest = {}): Promise<string> {
  if (csrf === undefined) throw new SalusError('session-missing', 'nobody is signed in')
  const type = /^\/(?:fhir|exchange)/.test(path) ? 'application/fhir+json' : 'application/json'
  return sendForText(location.origin + path, {
    ...request,
    headers: { 'x-salus-csrf': csrf, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** As {@link staffText}, with the answer parsed by `schema`. */
export async function staffJson<T>(schema: z.ZodType<T>, path: string, request: StaffRequest = {}): Promise<T> {
  return parseAnswer(schema, parseJson(await staffText(path, request)))
}

/** Signs in with a code that serves once. @throws SalusError `sign-in-link-invalid`, `too-many-requests` */
export async function signInByCode(code: string): Promise<StaffSession | null> {
  const text = await sendForText(`${location.origin}/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  })
  return keep(parseJson(text))
}

export async function signOut(everywhere: boolean): Promise<void> {
  await staffText(everywhere ? '/sessions' : '/session', { method: 'DELETE' })
  csrf = undefined
}
