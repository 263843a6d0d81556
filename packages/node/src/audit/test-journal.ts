/** A journal, files and a vault for the tests of AuditEvents: all real, over one database in memory. */
import { type DisclosureEntry, fromHex, randomBytes } from '@salus/core'
import { mintPermit, type Permit } from '../consent/mint.ts'
import type { Scope } from '../consent/permit.ts'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import type { Database } from '../db/database.ts'
import { openSqlite } from '../db/sqlite.ts'
import { Journal, type NewEntry } from '../disclosure/journal.ts'
import { FILES_DDL, Files } from '../files/files.ts'
import { Outbox } from '../outbox/outbox.ts'
import { OUTBOX_DDL } from '../outbox/tables.ts'
import type { TestLedger, TestMemberKey } from '../testing/ledger.ts'
import { Cursors } from '../vault/cursor.ts'
import { openKeyRing } from '../vault/keys.ts'
import { openVault, type Vault, vaultDdl } from '../vault/store.ts'
import type { AuditParts } from './audit-reader.ts'

export const CUSTODIAN = 'c0'.repeat(16)
export const LAKESIDE = '1a'.repeat(16)
export const BASE = 'http://custodian.example/fhir'

export interface TestJournal {
  readonly database: Database
  readonly journal: Journal
  readonly outbox: Outbox
  readonly parts: AuditParts
  readonly vault: Vault
  /** Appends an entry to the file of a patient, which is opened when there is none. */
  append(patient: string, changes?: Partial<NewEntry>): Promise<void>
  close(): Promise<void>
}

/** A journal whose outbox commits to the network's ledger as its first member. */
export async function openTestJournal({ ledger, members }: TestLedger): Promise<TestJournal> {
  const { sign } = members[0] as TestMemberKey
  const database = openSqlite(':memory:', [FILES_DDL, OUTBOX_DDL, vaultDdl])
  const files = await Files.load(database)
  const journal = await Journal.open(':memory:', { onTrouble: () => {} })
  // Nothing is committed before the outbox is told to flush.
  const outbox = await Outbox.open({ database, journal, ledger, sign, delayMs: 3_600_000, onTrouble: () => {} })
  const keyRing = openKeyRing(new Uint8Array(32).fill(7))
  return {
    database,
    journal,
    outbox,
    parts: { journal, files, custodian: CUSTODIAN, cursors: new Cursors(keyRing) },
    vault: await openVault({ database, keyRing, baseUrl: BASE }),
    append: async (patient, changes = {}) => {
      const fileId = await database.write((transaction) => files.ensure(transaction, patient))
      await files.refresh([patient])
      await journal.append([newEntry({ fileId: fromHex(fileId), ...changes })])
    },
    close: async () => {
      await outbox.close()
      await journal.close()
      await database.close()
    },
  }
}

/** Runs `work` on a journal of its own, which is closed afterwards. */
export async function withTestJournal(network: TestLedger, work: (store: TestJournal) => Promise<void>): Promise<void> {
  const store = await openTestJournal(network)
  try {
    await work(store)
  } finally {
    await store.close()
  }
}

export const NEW_ENTRY: NewEntry = {
  fileId: new Uint8Array(16).fill(0xf1),
  timeMs: Date.UTC(2026, 2, 4, 9, 30, 15, 250),
  custodian: CUSTODIAN,
  requester: CUSTODIAN,
  practitioner: 'Practitioner/dr-1',
  purpose: 'TREAT',
  interaction: 'read',
  decision: 'permit',
  reason: 'inside',
  emergency: null,
  consents: [],
  what: [{ type: 'Observation', count: 1 }],
  content: new Uint8Array(32).fill(0xcc),
}

export function newEntry(changes: Partial<NewEntry> = {}): NewEntry {
  return { ...NEW_ENTRY, ...changes }
}

export function entryOf(changes: Partial<DisclosureEntry> = {}): DisclosureEntry {
  return { ...NEW_ENTRY, sequence: 1, salt: randomBytes(16), ...changes }
}

export const EVERYTHING: Scope = { files: new Map(), others: 'all', general: true }

/** A permit of the custodian's own staff, or of whom the changes say. */
export function permitOf(scope: Scope, { operator = false, requester = CUSTODIAN } = {}): Permit {
  return mintPermit(
    {
      requester,
      custodian: CUSTODIAN,
      practitioner: operator ? null : 'Practitioner/dr-1',
      operator,
      purpose: { system: PURPOSE_SYSTEM, code: 'TREAT' },
      emergency: null,
      timeMs: 0,
    },
    scope,
  )
}
