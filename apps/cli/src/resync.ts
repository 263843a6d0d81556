/**
 * Beginning the replica anew: what CometBFT and the ledger hold is thrown away and comes again from the other members.
 * One thing is kept, what the validator signed last: without it the validator could sign a height a second time.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SalusError } from '@salus/core'

const SIGNED_LAST = 'priv_validator_state.json'
const LOCK = 'lock.sqlite'

/** Empties `ledgerFolder`. @throws SalusError `store-locked` while the node runs, `file-not-found` */
export function forgetLedger(ledgerFolder: string): void {
  if (!existsSync(join(ledgerFolder, LOCK))) throw new SalusError('file-not-found', 'there is no ledger in this folder')
  const lock = new DatabaseSync(join(ledgerFolder, LOCK), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    const data = join(ledgerFolder, 'cometbft', 'data')
    if (!existsSync(join(data, SIGNED_LAST))) {
      throw new SalusError('usage', `what the validator signed last is not in ${data}: give it a new key instead`)
    }
    removeAllBut(data, [SIGNED_LAST])
    removeAllBut(ledgerFolder, ['cometbft', LOCK, `${LOCK}-journal`])
  } catch (error) {
    if (error instanceof SalusError) throw error
    throw new SalusError('store-locked', 'the node runs: stop it first', {}, error)
  } finally {
    lock.close()
  }
}

function removeAllBut(folder: string, kept: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    if (!kept.includes(name)) rmSync(join(folder, name), { recursive: true })
  }
}
