export { openEmbeddedLedger } from './open.ts'
export type { CommittedBlock, Ledger, LedgerStatus, Receipt } from './ledger.ts'
