/**
 * Live events of the custodians (`/patient/events`), while a patient's page is open. `EventSource` cannot sign its
 * request, so the stream is read with `fetch`; one that ends is opened again after a moment. An event only says that
 * something is to be asked again.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type CustodianFile, useCustodianFiles } from './custodians.ts'

const RETRY_MS = 3000
/** The outbox seals within a second. */
const PROVEN_AFTER_MS = 1500
const PATH = '/patient/events'

/** The queries that an event makes stale. */
const STALE: Readonly<Record<string, readonly string[]>> = {
  disclosure: ['log'],
  consent: ['consents'],
  request: ['requests'],
}

export function useLiveEvents(): void {
  const files = useCustodianFiles()
  const queries = useQueryClient()
  useEffect(() => {
    const ended = new AbortController()
    const ask = (event: string): void => {
      for (const name of STALE[event] ?? []) queries.invalidateQueries({ queryKey: ['patient', name] })
    }
    const refresh = (event: string): void => {
      ask(event)
      // An entry reaches the ledger a moment after it was made, and is proven then.
      if (event === 'disclosure') setTimeout(() => ask(event), PROVEN_AFTER_MS)
    }
    for (const file of files) follow(file, refresh, ended.signal)
    return () => ended.abort()
  }, [files, queries])
}

async function follow({ client }: CustodianFile, tell: (event: string) => void, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      const headers = await client.signedHeaders(PATH)
      const response = await fetch(client.custodian.url + PATH, { headers, signal: ended })
      if (response.ok && response.body !== null) await readEvents(response.body, tell)
    } catch {
      // The node went, or the page: the loop decides which.
    }
    if (!ended.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

/** Reads `event: name` lines until the stream ends; there is nothing in the data. */
async function readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>, tell: (event: string) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('event: ')) tell(line.slice('event: '.length))
  }
}
