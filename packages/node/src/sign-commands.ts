/** Commands as this member sends them: one transaction under its key, which expires when the ledger does not take it. */
import {
  type Command,
  randomBytes,
  SalusError,
  type Signer,
  signTransaction,
  TRANSACTION_LIFETIME_MS_MAX,
} from '@salus/core'
import type { Ledger, Receipt } from '@salus/ledger'
import { caughtUp } from './caught-up.ts'

/** The earliest time of the next block: an idle ledger's time stands still, and may be ahead of this clock. */
export function nextBlockMs(ledger: Pick<Ledger, 'status'>): number {
  return Math.max(ledger.status().timeMs, Date.now())
}

/** The signed transaction, and the block time from which on it is refused. */
export async function signCommands(
  commands: readonly Command[],
  ledger: Pick<Ledger, 'status'>,
  sign: Signer,
): Promise<{ wire: Uint8Array; expiresAtMs: number }> {
  const { ledgerId } = ledger.status()
  const expiresAtMs = nextBlockMs(ledger) + TRANSACTION_LIFETIME_MS_MAX / 2
  const body = { ledgerId, signer: sign.publicKey, nonce: randomBytes(16), expiresAtMs, commands }
  return { wire: await signTransaction(body, sign), expiresAtMs }
}

/**
 * Signs and submits; resolves once the commands are committed, and this replica says so too.
 * @throws SalusError the ledger's code, or that of the contract which refused
 */
export async function commitCommands(
  commands: readonly Command[],
  ledger: Pick<Ledger, 'status' | 'submit'>,
  sign: Signer,
): Promise<Receipt> {
  const { wire } = await signCommands(commands, ledger, sign)
  const receipt = await ledger.submit(wire)
  if (receipt.code !== null) throw new SalusError(receipt.code, 'the ledger refused the transaction')
  await caughtUp(ledger, receipt.height)
  return receipt
}
