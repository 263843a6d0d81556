/**
 * Synthetic hospital records (Synthea transaction bundles, found beside the project) go in whole and come out again.
 * Where the bundles are absent the test says so and is skipped.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Bundle } from '@medplum/fhirtypes'
import { startTestServer, type TestServer } from './test-server.ts'

const FOLDER = new URL('../../../../../../shared/conformance/synthea/', import.meta.url)
/** Patients loaded besides the hospitals and practitioners. */
const PATIENTS = 3

test('Synthea records load, and what is counted and read agrees', { skip: absent() }, async () => {
  const server = await startTestServer()
  try {
    const names = readdirSync(fileURLToPath(FOLDER)).filter((name) => name.endsWith('.json.gz'))
    const shared = names.filter((name) => /^(hospital|practitioner)/.test(name))
    const patients = names.filter((name) => !shared.includes(name)).slice(0, PATIENTS)
    const counts = new Map<string, number>()
    for (const name of [...shared, ...patients]) {
      for (const type of await load(server, name)) counts.set(type, (counts.get(type) ?? 0) + 1)
    }
    for (const [type, count] of counts) {
      const { json } = await server.call('GET', `/${type}?_summary=count`)
      assert.equal(json.total, count, type)
    }
    const { json } = await server.call('GET', '/Encounter?_count=1000')
    for (const { resource } of json.entry) assert.match(resource.subject.reference, /^Patient\//)
  } finally {
    await server.close()
  }
})

function absent(): string | false {
  return existsSync(FOLDER) ? false : 'shared/conformance/synthea is not beside the project'
}

/** Loads one bundle; the types of its entries. */
async function load(server: TestServer, name: string): Promise<readonly string[]> {
  const text = gunzipSync(readFileSync(new URL(encodeURIComponent(name), FOLDER))).toString()
  const reply = await server.call('POST', '/', { body: text })
  assert.equal(reply.status, 200, reply.text.slice(0, 500))
  const { entry = [] } = JSON.parse(text) as Bundle
  assert.equal(reply.json.entry.length, entry.length)
  assert.ok(reply.json.entry.every(({ response }) => response.status === '201 Created'))
  return entry.map(({ resource }) => String(resource?.resourceType))
}
