/** Waiting for the ledger: what was recorded a moment ago is committed within the delay of its node's outbox. */
import { SalusError } from '@salus/core'

const WAIT_MS = 10_000
const POLL_MS = 100

/** Repeats `read` while the node answers `not-committed-yet`, for a bounded time. */
export async function whenCommitted(read: () => Promise<string>): Promise<string> {
  const end = Date.now() + WAIT_MS
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof SalusError) || error.code !== 'not-committed-yet' || Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}
