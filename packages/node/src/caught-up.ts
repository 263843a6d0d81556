/**
 * Waiting for the own replica. A receipt can come by way of another member, whose replica has the block already; what
 * the gate here decides from has it later. Until then a consent that its patient knows to be revoked would still count.
 */
import type { Ledger } from '@salus/ledger'
import { LEDGER_LAG_MS_MAX } from './limits.ts'

const LOOK_MS = 50

/** Resolves once this replica has the block at `height`, or lags so far that it decides for no other member. */
export async function caughtUp(ledger: Pick<Ledger, 'status'>, height: number): Promise<void> {
  for (;;) {
    const status = ledger.status()
    if (status.height >= height || status.lagMs > LEDGER_LAG_MS_MAX) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
