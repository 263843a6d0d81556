/** What belongs to nobody, and what only seems to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDirectoryType } from './directories.ts'
import { namesOf, openTestVault, permitOf } from './test-vault.ts'

test('directories are types that cannot name a patient', () => {
  for (const type of ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Medication', 'ValueSet']) {
    assert.equal(isDirectoryType(type), true, type)
  }
  for (const type of [
    ...['Patient', 'Observation', 'Provenance', 'Group', 'Schedule', 'Device', 'Task', 'Basic', 'List'],
    ...['Binary', 'Bundle', 'Parameters', 'Contract', 'VerificationResult', 'SupplyDelivery', 'Person', 'Subscription'],
  ]) {
    assert.equal(isDirectoryType(type), false, type)
  }
})

test('what is about somebody unknown is covered only where everybody is', async () => {
  const vault = await openTestVault()
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  await vault.put(
    { ...observation, id: 'identified', subject: { identifier: { value: '4711' } } },
    { ...observation, id: 'elsewhere', subject: { reference: 'https://other.example/fhir/Patient/9' } },
    { ...observation, id: 'nobody' },
    { resourceType: 'Task', id: 't', status: 'draft', intent: 'order', for: { display: 'x' } },
    { resourceType: 'Organization', id: 'o', name: 'x' },
  )
  const foreign = permitOf({ others: 'none' })
  assert.deepEqual(namesOf(await vault.search('', foreign)), ['Organization/o'])
  assert.equal(await vault.reader.read(foreign, 'Observation', 'nobody'), undefined)
  assert.ok(await vault.reader.read(foreign, 'Organization', 'o'))
  assert.equal((await vault.reader.history(foreign, { count: 10 })).total, 1)
  assert.equal((await vault.search('')).total, 5)
  // Among one's own users everybody is covered, with a patient who restricts them or without.
  const own = permitOf({ files: new Map([['p', { op: 'none' }]]) })
  assert.equal((await vault.search('', own)).total, 5)
  await vault.put({ ...observation, id: 'nobody', status: 'amended' })
  assert.equal((await vault.reader.history(foreign, { type: 'Observation', id: 'nobody', count: 10 })).total, 0)
  assert.equal(await vault.reader.vread(foreign, 'Observation', 'nobody', '1'), undefined)
  assert.ok(await vault.reader.vread(own, 'Observation', 'nobody', '1'))
  await vault.close()
})
