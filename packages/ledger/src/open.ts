/** Opening and auditing a ledger under the contracts of this version of Salus. */
import { CONTRACTS, findCommand, PROTOCOL_VERSION, protocolInForce } from '@salus/contracts'
import { SalusError } from '@salus/core'
import { type AuditReport, auditWithRules } from './audit.ts'
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
 * @throws SalusError `genesis-malformed`, `engine-key-mismatch`, `ledger-corrupt`, `store-locked` when another process
 *   has it open, `store-version`, `store-other-ledger`, `store-corrupt`
 */
export async function openEmbeddedLedger(options: Omit<EmbeddedOptions, 'rules'>): Promise<Ledger> {
  return new EmbeddedLedger({ ...options, rules: RULES })
}

/**
 * Replays the ledger in `directory` from its genesis, beside the process that may have it open, and reports the first
 * divergence of a result or a root.
 * @throws SalusError `genesis-malformed`, `store-missing`, `store-other-ledger`, `store-version`
 */
export function auditLedger(directory: string, genesis: string): AuditReport {
  return auditWithRules(directory, genesis, RULES)
}
