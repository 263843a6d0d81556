/** Opening and auditing a ledger under the contracts of this version of Salus. */
import { CONTRACTS, findCommand, PROTOCOL_VERSION, protocolInForce } from '@salus/contracts'
import { SalusError } from '@salus/core'
import { type AuditReport, type AuditStart, auditFromSnapshot, auditWithRules } from './audit.ts'
import { auditPublishedWithRules, type OnProgress, type PublishedLedger } from './audit-published.ts'
import { cometBinary } from './engine/cometbft/binary.ts'
import { CometLedger, type CometOptions } from './engine/cometbft/comet-ledger.ts'
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
 * Opens this member's replica of a ledger on CometBFT, and runs CometBFT beside it, until it is closed. Returns once
 * the two agree on where they are; `status().lagMs` says whether the replica has caught up with the network.
 * @throws SalusError `cometbft-missing`, `cometbft-failed`, `engine-mismatch`, and those of {@link openEmbeddedLedger}
 */
export async function openCometLedger(options: CometLedgerOptions): Promise<CometLedger> {
  const binary = options.binary === undefined ? await cometBinary() : options.binary
  return CometLedger.open({ ...options, binary, rules: RULES })
}

/** Without a `binary`, the one that is found or can be built. */
export type CometLedgerOptions = Omit<CometOptions, 'rules' | 'binary'> & Partial<Pick<CometOptions, 'binary'>>

/**
 * Replays the ledger in `directory` from its genesis, beside the process that may have it open, and reports the first
 * divergence of a result or a root.
 * @throws SalusError `genesis-malformed`, `store-missing`, `store-other-ledger`, `store-version`
 */
export function auditLedger(directory: string, genesis: string): AuditReport {
  return auditWithRules(directory, genesis, RULES)
}

/**
 * The same from a snapshot on; what is before it counts as audited.
 * @throws SalusError `snapshot-refused`, and those of {@link auditLedger}
 */
export function auditLedgerFrom(directory: string, genesis: string, start: AuditStart): AuditReport {
  return auditFromSnapshot(directory, genesis, RULES, start)
}

/**
 * Replays the ledger that a node publishes up to its latest checkpoint, and reports the first divergence of a result,
 * or of the roots that the checkpoint states.
 * @throws SalusError `genesis-malformed`, `checkpoint-*`, and what `published` throws
 */
export function auditPublishedLedger(
  published: PublishedLedger,
  genesis: string,
  onProgress: OnProgress,
): Promise<AuditReport> {
  return auditPublishedWithRules(published, genesis, RULES, onProgress)
}
