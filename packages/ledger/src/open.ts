/** Opening a ledger under the contracts of this version of Salus. */
import { CONTRACTS, findCommand, PROTOCOL_VERSION, protocolInForce } from '@salus/contracts'
import { SalusError } from '@salus/core'
import { EmbeddedLedger, type EmbeddedOptions } from './engine/embedded.ts'
import type { Ledger } from './ledger.ts'
import type { Rules } from './rules.ts'

/** The rules of the registered contracts. */
export const RULES: Rules = {
  findCommand,
  start: (state, genesis) => {
    for (const contract of CONTRACTS) contract.start?.(state, genesis)
  },
  protocolAt: (state, height) => {
    const protocol = protocolInForce(state, height)
    if (protocol === PROTOCOL_VERSION) return protocol
    throw new SalusError('protocol-unsupported', 'this version of Salus does not know the rules in force', { protocol })
  },
}

/**
 * Opens the ledger in `directory`, or begins it; `genesis` is the exact text of its genesis file and `engineKey` the
 * Ed25519 seed of the engine it names.
 * @throws SalusError `genesis-malformed`, `engine-key-mismatch`, `store-*`, `ledger-corrupt`
 */
export async function openEmbeddedLedger(options: Omit<EmbeddedOptions, 'rules'>): Promise<Ledger> {
  return new EmbeddedLedger({ ...options, rules: RULES })
}
