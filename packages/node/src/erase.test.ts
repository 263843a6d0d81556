import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { files as ledgerFiles } from '@salus/contracts'
import { fromHex, isSalusError, SalusError, type Signer } from '@salus/core'
import { CONSENT_DOCUMENTS_DDL, ConsentDocuments } from './consent/documents.ts'
import { openSqlite } from './db/sqlite.ts'
import { Journal } from './disclosure/journal.ts'
import { ERASURE_DDL, erasePatient } from './erase.ts'
import { FILES_DDL, Files } from './files/files.ts'
import { RememberedOwners } from './gate/owners.ts'
import { Outbox } from './outbox/outbox.ts'
import { OUTBOX_DDL } from './outbox/tables.ts'
import { anchorLater, recordingWriter } from './recording-writer.ts'
import { startTestLedger } from './testing/ledger.ts'
import { vaultDdl } from './vault/store.ts'
import { openTestVault, putOf, type Stored } from './vault/test-vault.ts'

test('an erasure whose closing step failed can be repeated, by a later process too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'salus-'))
  const network = await startTestLedger(['riverside'])
  const [riverside] = network.members
  const { ledger } = network
  assert.ok(riverside)
  const tables = [vaultDdl, OUTBOX_DDL, FILES_DDL, CONSENT_DOCUMENTS_DDL, ERASURE_DDL]
  const database = openSqlite(join(directory, 'node.db'), tables)
  const onTrouble = (): void => {}
  const journal = await Journal.open(join(directory, 'journal.db'), { onTrouble })
  const outbox = await Outbox.open({ database, journal, ledger, sign: riverside.sign, delayMs: 1, onTrouble })
  try {
    const files = await Files.load(database)
    const vault = await openTestVault({
      database,
      onVersions: (transaction, versions) => anchorLater(transaction, versions, files, outbox),
    })
    const owners = new RememberedOwners(async () => [])
    const writer = recordingWriter({ writer: vault.writer, files, outbox, owners })
    const documents = { database, ledger, custodian: riverside.id, now: Date.now, report: onTrouble }
    const partsOf = async (own: Files) => ({
      ...{ database, ledger, files: own, outbox, writer, sign: riverside.sign },
      consents: await ConsentDocuments.load({ ...documents, files: own }),
    })
    await writer.write([putOf({ resourceType: 'Patient', id: 'p' } as Stored)])
    const fileId = files.byPatient('p')?.fileId ?? ''

    const failing: Signer = {
      ...riverside.sign,
      sign: () => Promise.reject(new SalusError('ledger-full', 'the ledger takes nothing')),
    }
    const code = (expected: string) => (error: unknown) => isSalusError(error, expected)
    const parts = await partsOf(files)
    await assert.rejects(erasePatient({ ...parts, sign: failing }, 'p', 'asked'), code('ledger-full'))
    assert.equal(files.byPatient('p'), undefined)
    assert.equal(ledgerFiles.get(ledger, fromHex(fileId))?.status, 'open')
    await assert.rejects(writer.write([putOf({ resourceType: 'Patient', id: 'p' } as Stored)]), code('patient-erased'))

    const later = await Files.load(database)
    assert.equal(later.byPatient('p'), undefined)
    assert.equal((await erasePatient(await partsOf(later), 'p', 'asked')).fileId, fileId)
    assert.equal(ledgerFiles.get(ledger, fromHex(fileId))?.status, 'closed')
    const row = await database.read.get('SELECT patient, erased FROM patient_file WHERE file_id = ?', [fileId])
    assert.deepEqual({ ...(row as object) }, { patient: null, erased: 1 })
    await assert.rejects(erasePatient(await partsOf(later), 'p', 'asked'), code('patient-unknown'))
  } finally {
    await outbox.close()
    await journal.close()
    await database.close()
    await network.remove()
    await rm(directory, { recursive: true })
  }
})
