/** Looks for a transaction in the blocks after a height: the way to learn after a crash whether it was committed. */
import { decode, equalBytes, LogEntry, parseTransaction } from '@salus/core'
import type { Ledger, Receipt } from '@salus/ledger'

/** The receipt of the transaction `wire` if a block after `afterHeight` holds it and it was not refused as a replay. */
export function findTransaction(ledger: Ledger, wire: Uint8Array, afterHeight: number): Receipt | undefined {
  const { id } = parseTransaction(wire)
  const last = ledger.status().height
  for (let height = afterHeight + 1; height <= last; height++) {
    const block = ledger.block(height)
    if (block === undefined) continue
    for (const [i, bytes] of block.entries.entries()) {
      const entry = decode(LogEntry, bytes)
      if (!equalBytes(entry.transaction, wire) || entry.code === 'replayed') continue
      return {
        transactionId: id,
        height,
        timeMs: block.timeMs,
        logIndex: block.firstLogIndex + i,
        code: entry.code,
      }
    }
  }
  return undefined
}
