/**
 * The vault alone, without HTTP: CPU time of import, reads, searches and `$everything` over synthetic patients.
 * `node bench/vault.ts`; needs the synthetic bundles of ../shared/conformance/synthea.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../packages/node/src/db/sqlite.ts'
import { parseFhirJson } from '../packages/node/src/vault/fhir-json.ts'
import { parseEverything } from '../packages/node/src/vault/search/parse.ts'
import { vaultDdl } from '../packages/node/src/vault/store.ts'
import {
  openTestVault,
  permitFor,
  permitOf,
  putOf,
  type Stored,
  SYNTHEA_ABSENT,
  syntheticBundles,
} from '../packages/node/src/vault/test-vault.ts'
import { validateResource } from '../packages/node/src/vault/validate.ts'

const READS = 2000
const SEARCHES = 100

/** CPU time, user and system, of `work` in microseconds for each of `count`. */
async function cpuUs(count: number, work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return Math.round((user + system) / count)
}

function report(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(72)} ${value}\n`)
}

async function main(): Promise<void> {
  if (SYNTHEA_ABSENT) return report(SYNTHEA_ABSENT, '')
  const folder = mkdtempSync(join(tmpdir(), 'salus-'))
  const path = join(folder, 'database')
  const database = openSqlite(path, vaultDdl)
  const vault = await openTestVault({ database })
  const bundles = syntheticBundles().map((resources) => resources.map((resource) => JSON.stringify(resource)))
  const count = bundles.flat().length
  const startMs = performance.now()
  const importUs = await cpuUs(count, async () => {
    for (const texts of bundles) {
      const resources = texts.map((text) => validateResource(parseFhirJson(text).resource) as Stored)
      await vault.writer.write(resources.map(putOf))
    }
  })
  const seconds = (performance.now() - startMs) / 1000
  report(`import of ${count} resources, parsed and validated`, `${importUs} µs CPU each`)
  report('', `${Math.round(count / seconds)}/s, ${Math.round(statSync(path).size / count)} bytes each`)

  const patients = (await vault.search('Patient')).matches.map(({ id }) => id)
  const patient = patients[0] ?? ''
  const narrow = permitFor(patient, { op: 'not', of: { op: 'label', labels: [{ code: 'R' }] } })
  const [{ id } = { id: '' }] = (await vault.search(`Observation?patient=${patient}&_count=1`)).matches
  for (const [name, permit] of [
    ['everything', permitOf()],
    ['one record without a label', narrow],
  ] as const) {
    const read = async (): Promise<void> => {
      for (let n = 0; n < READS; n++) await vault.reader.read(permit, 'Observation', id)
    }
    report(`read, permit for ${name}`, `${await cpuUs(READS, read)} µs`)
    for (const query of queriesFor(patient)) {
      const search = async (): Promise<void> => {
        for (let n = 0; n < SEARCHES; n++) await vault.search(query, permit)
      }
      const { total, matches } = await vault.search(query, permit)
      report(`${query.slice(0, 60)} (${matches.length} of ${total})`, `${await cpuUs(SEARCHES, search)} µs`)
    }
    const all = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await vault.reader.everything(permit, patient, parseEverything([['_count', '1000']]))
    }
    report('$everything', `${await cpuUs(20, all)} µs`)
  }
  await database.close()
  rmSync(folder, { recursive: true })
}

function queriesFor(patient: string): string[] {
  return [
    `Observation?code=http://loinc.org|8302-2&_count=10&patient=${patient}`,
    `Observation?_sort=-date&_count=10&patient=${patient}`,
    `Condition?clinical-status=active&_count=10&patient=${patient}`,
    `Observation?_count=50&patient=${patient}`,
    'Observation?code=8302-2&date=ge2015&_count=10',
    'Observation?subject:Patient.gender=male&code=8302-2&_count=10',
    'Patient?_has:Observation:patient:code=8302-2&_count=10',
    'Patient?name=pet&_revinclude=Condition:patient',
    'Observation?component-code-value-quantity=8480-6$gt130&_count=10',
  ]
}

await main()
