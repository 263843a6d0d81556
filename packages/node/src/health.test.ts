import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openTestNode } from './testing/node.ts'

test('a node whose ledger can commit no more is not ready', async () => {
  const { network, node, asOperator, close } = await openTestNode()
  const readiness = async () => {
    const { statusCode, ...reply } = await node.app.inject('/readyz')
    return [statusCode, (reply.json() as { status: string }).status]
  }
  assert.deepEqual(await readiness(), [200, 'ready'])
  const database = new DatabaseSync(join(network.directory, 'ledger', 'ledger.sqlite'), { timeout: 5000 })
  database.exec('ALTER TABLE replay RENAME TO gone')
  await asOperator('PUT', '/fhir/Patient/p', { resourceType: 'Patient', id: 'p' }, 'application/fhir+json')
  await node.flush().catch(() => undefined)
  assert.deepEqual(await readiness(), [503, 'ledger-failed'])
  database.exec('ALTER TABLE gone RENAME TO replay')
  database.close()
  await close()
})
