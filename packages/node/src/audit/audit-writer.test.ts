import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSqlite } from '../db/sqlite.ts'
import { openKeyRing } from '../vault/keys.ts'
import { openVault, vaultDdl } from '../vault/store.ts'
import type { Change } from '../vault/vault.ts'
import { auditEventOf } from './audit-event.ts'
import { withoutAuditWrites } from './audit-writer.ts'
import { EVERYTHING, entryOf, permitOf } from './test-journal.ts'

test('AuditEvents cannot be written, nor can what comes with them; all else is', async () => {
  const database = openSqlite(':memory:', [vaultDdl])
  const vault = await openVault({ database, keyRing: openKeyRing(new Uint8Array(32).fill(7)) })
  const writer = withoutAuditWrites(vault.writer)
  const patient: Change = { kind: 'put', resource: { resourceType: 'Patient', id: 'p1' }, method: 'PUT' }
  const event: Change = { kind: 'put', resource: auditEventOf(entryOf(), 'p1'), method: 'POST' }
  const deletion: Change = { kind: 'delete', type: 'AuditEvent', id: 'x' }
  for (const changes of [[event], [deletion], [patient, event]]) {
    await assert.rejects(writer.write(changes), { code: 'audit-event-read-only' })
  }
  assert.equal(await vault.reader.read(permitOf(EVERYTHING), 'Patient', 'p1'), undefined)
  assert.equal((await writer.write([patient])).length, 1)
  await writer.erase('p1')
  assert.notEqual((await vault.reader.read(permitOf(EVERYTHING), 'Patient', 'p1'))?.id, 'p1')
  await database.close()
})
