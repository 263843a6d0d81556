/** Requests of the simulated people: an answer, or null when none came in time. */
export interface Reply {
  readonly status: number
  readonly etag: string | null
  readonly json: unknown
}

/** How long anybody waits for an answer. */
const PATIENCE_MS = 12_000

export async function ask(
  method: 'GET' | 'PUT' | 'POST',
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<Reply | null> {
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }) },
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, etag: response.headers.get('etag'), json: text === '' ? null : JSON.parse(text) }
  } catch {
    return null
  }
}

/** The version that an ETag names. */
export function versionOf(etag: string | null): number {
  return Number(/^W\/"(\d+)"$/.exec(etag ?? '')?.[1] ?? 0)
}
