/**
 * Whether another member sees exactly what a consent covers. The custodian's administrator asks the same question, and
 * what the consent does not cover is taken away from that answer: entries, order, totals and pages must then agree.
 */
import assert from 'node:assert/strict'
import type { Bundle } from '@medplum/fhirtypes'
import { type FhirClient, nameOf, names, type Stored } from './fhir.ts'

export interface World {
  /** The other member's clinician. */
  readonly asker: FhirClient
  /** The custodian's administrator. */
  readonly admin: FhirClient
  /** `Patient/…` */
  readonly patient: string
  readonly record: readonly Stored[]
  readonly isCovered: (resource: Stored) => boolean
}

export function coveredOf({ record, isCovered }: World): readonly Stored[] {
  return record.filter(isCovered)
}

export function outsideOf({ record, isCovered }: World): readonly Stored[] {
  return record.filter((resource) => !isCovered(resource))
}

/** read and vread: the exact bytes of what is covered, the one refusal for everything else. */
export async function checkReads(world: World): Promise<void> {
  const { asker, admin } = world
  for (const resource of coveredOf(world)) {
    const name = nameOf(resource)
    const path = `${name}/_history/${resource.meta?.versionId}`
    const [mine, theirs, version] = await Promise.all([admin.get(name), asker.get(name), asker.get(path)])
    assert.equal(theirs.status, 200, `${name}: ${theirs.text}`)
    assert.equal(theirs.text, mine.text)
    assert.equal(theirs.headers.get('etag'), mine.headers.get('etag'))
    assert.equal(version.text, mine.text)
  }
  const refusals = new Set<string>()
  for (const resource of outsideOf(world)) {
    const name = nameOf(resource)
    for (const path of [name, `${name}/_history/${resource.meta?.versionId}`, `${name}/_history`]) {
      const { status, code, text } = await asker.get(path)
      assert.deepEqual([status, code], [403, 'access-refused'], path)
      refusals.add(text)
    }
  }
  assert.ok(refusals.size <= 1, 'every refusal reads the same')
}

/** A search by its type and criteria: the same entries in the same order as the administrator's, less what is not covered. */
export async function checkSearch(world: World, type: string, criteria: string): Promise<number> {
  const { asker, admin, patient, isCovered } = world
  const path = `${type}?patient=${patient}${criteria === '' ? '' : `&${criteria}`}`
  const [all, seen] = await Promise.all([admin.pages(`${path}&_count=200`), asker.pages(`${path}&_count=200`)])
  const wanted = all.matches.filter(isCovered).map(nameOf)
  const found = seen.matches.map(nameOf)
  if (criteria.includes('_sort')) assert.deepEqual(found, wanted, path)
  else assert.deepEqual([...found].sort(), [...wanted].sort(), path)
  for (const total of seen.totals) assert.equal(total, wanted.length, `total of ${path}`)
  assert.deepEqual(seen.included, [], path)
  const count = await asker.found(`${path}&_summary=count`)
  assert.deepEqual([count.total, count.entry ?? []], [wanted.length, []], `_summary=count of ${path}`)
  return wanted.length
}

/** Pages of a few entries, to the end: everything once, the same total on every page. */
export async function checkPaging(world: World, type: string, count: number): Promise<void> {
  const wanted = coveredOf(world).filter(({ resourceType }) => resourceType === type)
  const seen = await world.asker.pages(`${type}?patient=${world.patient}&_count=${count}`)
  assert.deepEqual(names(seen.matches), names(wanted))
  assert.equal(seen.pages, Math.max(1, Math.ceil(wanted.length / count)), 'as many pages as are needed')
  assert.deepEqual(new Set(seen.totals), new Set([wanted.length]))
}

/** What any answer may hold of this record: nothing outside. Directory resources belong to no patient. */
export function assertNothingOutside(world: World, resources: readonly Stored[], what: string): void {
  const outside = new Set(outsideOf(world).map(nameOf))
  const leaked = resources.map(nameOf).filter((name) => outside.has(name))
  assert.deepEqual(leaked, [], what)
}

/** A batch of reads: covered ones answer, others are refused one by one. */
export async function checkBatch(world: World, resources: readonly Stored[]): Promise<void> {
  const entry = resources.map((resource) => ({ request: { method: 'GET', url: nameOf(resource) } }))
  const reply = await world.asker.write('POST', '', { resourceType: 'Bundle', type: 'batch', entry })
  assert.equal(reply.status, 200, reply.text)
  const answers = (reply.json as Bundle).entry ?? []
  assert.equal(answers.length, resources.length)
  for (const [i, answer] of answers.entries()) {
    const wanted = resources[i] as Stored
    if (world.isCovered(wanted)) {
      assert.match(answer.response?.status ?? '', /^200/)
      assert.deepEqual(answer.resource, wanted)
    } else {
      assert.match(answer.response?.status ?? '', /^403/)
      assert.equal(answer.resource, undefined)
    }
  }
}

/** Histories of the covered types hold the covered resources and no others. */
export async function checkHistories(world: World, types: readonly string[]): Promise<void> {
  for (const type of types) {
    const seen = await world.asker.pages(`${type}/_history?_count=50`)
    assertNothingOutside(world, seen.matches, `${type}/_history`)
    const wanted = coveredOf(world).filter(({ resourceType }) => resourceType === type)
    assert.deepEqual([...new Set(names(seen.matches))], names(wanted))
    for (const total of seen.totals) assert.equal(total, seen.matches.length)
  }
}

/** `$everything` of the patient: what is covered, and of the directory nothing that it does not name. */
export async function checkEverything(world: World): Promise<void> {
  const seen = await world.asker.pages(`${world.patient}/$everything?_count=30`)
  assertNothingOutside(world, [...seen.matches, ...seen.included], '$everything')
  const own = new Set(world.record.map(nameOf))
  const seenOwn = names([...seen.matches, ...seen.included]).filter((name) => own.has(name))
  assert.deepEqual(seenOwn, names(coveredOf(world)))
}
