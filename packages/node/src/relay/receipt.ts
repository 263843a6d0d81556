/** A receipt as members pass it to each other. */
import { fromHex, toHex } from '@salus/core'
import type { Receipt } from '@salus/ledger'
import { z } from 'zod'

export const ReceiptReply = z
  .object({
    transactionId: z.string().regex(/^[0-9a-f]{64}$/),
    height: z.int().min(0),
    timeMs: z.int().min(0),
    logIndex: z.int().min(0),
    code: z.string().max(64).nullable(),
  })
  .transform(({ transactionId, ...rest }): Receipt => ({ transactionId: fromHex(transactionId), ...rest }))

/** The receipt as `ReceiptReply` reads it. */
export function writeReceipt({ transactionId, height, timeMs, logIndex, code }: Receipt): object {
  return { transactionId: toHex(transactionId), height, timeMs, logIndex, code }
}
