/**
 * The demo on records that others wrote: 24 synthetic patients of Synthea, where the test material stands beside the
 * project. Without it there is nothing to load, and the test says so.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Bundle, Patient } from '@medplum/fhirtypes'
import { assertNothingOutside, checkBatch, checkPaging, checkReads, coveredOf, outsideOf } from './support/coverage.ts'
import { check, type DisclosureLog, demoTest, step } from './support/demo.ts'
import { isNormalOfType } from './support/expected.ts'
import { names, type Stored } from './support/fhir.ts'
import { countsOf, countsOfBundles } from './support/record.ts'

const FOLDER = fileURLToPath(new URL('../../shared/conformance/synthea', import.meta.url))
const TYPES = ['Observation', 'Condition']
/** Every byte of a long record would take minutes to read one by one. */
const READS_MAX = 60

const bundles = existsSync(FOLDER) ? readBundles() : []
const skip = bundles.length === 0 ? 'the Synthea bundles are not beside the project' : false

demoTest('records that others wrote', { skip, args: ['--bundles', FOLDER] }, async (t, demo) => {
  const admin = demo.own('riverside', 'admin')
  const lakeside = demo.exchange('lakeside', 'riverside')
  const patient = demo.patient(0)

  await check(t, 'every resource is there', async () => {
    const wanted = countsOfBundles(bundles.map(({ bundle }) => bundle))
    wanted.set('Organization', (wanted.get('Organization') ?? 0) + 3)
    wanted.set('Practitioner', (wanted.get('Practitioner') ?? 0) + 1)
    const held = new Map(await countsOf(admin))
    // Counting patients' resources discloses a number about them, which is recorded.
    held.delete('AuditEvent')
    assert.deepEqual([...held].sort(), [...wanted].sort())
  })
  await check(t, 'the first five patients in order of file name have wallets', async () => {
    const firsts = bundles.flatMap(({ bundle }) => patientsOf(bundle)).slice(0, 5)
    assert.deepEqual(
      demo.network.patients.map(({ name }) => name),
      firsts.map(({ name: [human] = [] }) => [...(human?.given ?? []), human?.family].join(' ')),
    )
    for (const { files } of demo.network.patients) await admin.found(files.riverside as string)
  })
  await step(t, 'refused before the patient grants', async () => {
    assert.equal((await lakeside.get(`Observation?patient=${patient.reference}`)).status, 403)
    const args = ['--custodian', 'riverside', '--recipient', 'lakeside', '--type', TYPES.join(','), '--days', '30']
    assert.equal((await demo.wallet(patient, ['consent', 'grant', ...args, '--without-label', 'R,V'])).code, 0)
  })
  await check(t, 'then what the consent covers, and nothing else', async () => {
    const everything = await admin.pages(`${patient.reference}/$everything?_count=500`)
    const record = everything.matches.filter(({ resourceType }) => !DIRECTORY.has(resourceType))
    const isCovered = isNormalOfType(TYPES)
    const world = { asker: lakeside, admin, patient: patient.reference, record, isCovered }
    for (const type of TYPES) {
      const seen = await lakeside.pages(`${type}?patient=${patient.reference}&_count=100`)
      const wanted = coveredOf(world).filter(({ resourceType }) => resourceType === type)
      assert.deepEqual([names(seen.matches), seen.totals[0]], [names(wanted), wanted.length])
    }
    const others = [...new Set(record.map(({ resourceType }) => resourceType))].filter((type) => !TYPES.includes(type))
    for (const type of others) {
      const seen = await lakeside.pages(`${type}?_count=100`)
      assert.deepEqual([seen.matches, seen.totals[0]], [[], 0], type)
    }
    const whole = await lakeside.pages(`${patient.reference}/$everything?_count=100`)
    assertNothingOutside(world, [...whole.matches, ...whole.included], '$everything')
    const some = [...sample(coveredOf(world)), ...sample(outsideOf(world))]
    await checkReads({ ...world, record: some })
    await checkBatch(world, some)
    await checkPaging(world, 'Condition', 7)
  })
  await check(t, 'the log is complete, and a revocation ends it', async () => {
    const log = await demo.wallet<DisclosureLog>(patient, ['log'])
    assert.deepEqual([log.code, log.json.complete], [0, true])
    const proof = ['proof', 'export', '--disclosure', log.json.disclosures[0]?.id as string, '--out', 'proof.json']
    assert.equal((await demo.wallet(patient, proof)).code, 0)
    assert.equal((await demo.salus(['verify', 'proof.json', '--genesis', demo.network.genesis])).code, 0)
    assert.equal((await demo.wallet(patient, ['consent', 'revoke'])).code, 0)
    assert.equal((await lakeside.get(`Observation?patient=${patient.reference}`)).status, 403)
  })
})

/** Types of resources that belong to no patient. */
const DIRECTORY = new Set(['Organization', 'Practitioner', 'PractitionerRole', 'Location', 'Medication'])

function readBundles(): { readonly name: string; readonly bundle: Bundle }[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json.gz'))
  return files.sort().map((name) => {
    const text = gunzipSync(readFileSync(join(FOLDER, name))).toString('utf8')
    return { name, bundle: JSON.parse(text) as Bundle }
  })
}

function patientsOf({ entry = [] }: Bundle): Patient[] {
  return entry.flatMap(({ resource }) => (resource?.resourceType === 'Patient' ? [resource] : []))
}

function sample(resources: readonly Stored[]): readonly Stored[] {
  const every = Math.max(1, Math.ceil(resources.length / READS_MAX))
  return resources.filter((_, i) => i % every === 0)
}
