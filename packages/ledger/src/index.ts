export type { AuditReport, AuditStart, Divergence } from './audit.ts'
export type { PublishedLedger } from './audit-published.ts'
export { Application } from './engine/application.ts'
export { COMETBFT_VERSION, cometBinary, findCometBinary } from './engine/cometbft/binary.ts'
export type { CometLedger, StateSync } from './engine/cometbft/comet-ledger.ts'
export { nodeId } from './engine/cometbft/home.ts'
export type { Relay } from './engine/cometbft/waiting.ts'
export type { DecidedBlock, ReplicatedApplication } from './engine/engine.ts'
export type { CommittedBlock, Ledger, LedgerStatus, LogProof, Receipt, StateProof } from './ledger.ts'
export type { CometLedgerOptions } from './open.ts'
export {
  auditLedger,
  auditLedgerFrom,
  auditPublishedLedger,
  openCometLedger,
  openEmbeddedLedger,
  RULES,
} from './open.ts'
export type { Rules } from './rules.ts'
export { SNAPSHOT_FORMAT, type SnapshotManifest } from './snapshot/manifest.ts'
export { restoreSnapshot, type TrustedBlock } from './snapshot/restore.ts'
export { takeSnapshot } from './snapshot/take.ts'
