export type { AuditReport, Divergence } from './audit.ts'
export type { CommittedBlock, Ledger, LedgerStatus, LogProof, Receipt, StateProof } from './ledger.ts'
export { auditLedger, openEmbeddedLedger } from './open.ts'
