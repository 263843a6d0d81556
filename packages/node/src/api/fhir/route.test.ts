import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INTERACTIONS } from './registry.ts'
import { Router } from './route.ts'

const router = new Router(INTERACTIONS)

test('every method and path means one interaction', () => {
  const expected: readonly (readonly [string, string, boolean, string])[] = [
    ['GET', 'metadata', false, 'capabilities'],
    ['GET', 'Patient/1', false, 'read'],
    ['GET', '/Patient/1/_history/2', false, 'vread'],
    ['GET', 'Patient/1/_history', true, 'history-instance'],
    ['GET', 'Patient/_history', false, 'history-type'],
    ['GET', '_history', false, 'history-system'],
    ['POST', 'Patient', false, 'create'],
    ['PUT', 'Patient/1', false, 'update'],
    ['PUT', 'Patient', true, 'conditional-update'],
    ['PATCH', 'Patient', true, 'conditional-patch'],
    ['POST', 'Patient/1/$everything', false, 'everything'],
    ['POST', 'Patient/$everything', false, 'everything'],
    ['DELETE', 'Patient/1', false, 'delete'],
    ['DELETE', 'Patient', true, 'conditional-delete'],
    ['GET', 'Patient/', true, 'search-type'],
    ['POST', 'Patient/_search', false, 'search-type'],
    ['GET', '', true, 'search-system'],
    ['POST', '_search', false, 'search-system'],
    ['GET', 'Patient/1/Observation', false, 'search-compartment'],
    ['GET', 'Patient/1/*', false, 'search-compartment'],
    ['POST', 'Patient/1/Observation/_search', false, 'search-compartment'],
    ['GET', 'Patient/1/$everything', false, 'everything'],
    ['GET', 'Patient/$everything', false, 'everything'],
    ['POST', 'Patient/$validate', false, 'validate'],
    ['POST', '', false, 'bundle'],
  ]
  for (const [method, path, hasQuery, name] of expected) {
    assert.equal(router.match(method, path, hasQuery).interaction.name, name, `${method} ${path}`)
  }
})

test('the parts of the path are told apart', () => {
  assert.deepEqual(router.match('GET', 'Patient/a.b-C/Observation', false).path, {
    type: 'Patient',
    id: 'a.b-C',
    version: '',
    member: 'Observation',
  })
})

test('what is no interaction is refused', () => {
  const refusal = (method: string, path: string, hasQuery = false): unknown => {
    try {
      return router.match(method, path, hasQuery).interaction.name
    } catch (error) {
      return (error as { code: unknown }).code
    }
  }
  assert.equal(refusal('GET', 'Patients/1'), 'type-unknown')
  assert.equal(refusal('GET', 'Patient/a_b'), 'id-malformed')
  assert.equal(refusal('GET', 'a/b/c/d/e'), 'path-unknown')
  assert.equal(refusal('GET', 'Patient/$unknown'), 'path-unknown')
  assert.equal(refusal('PATCH', 'Patient'), 'method-not-allowed')
  assert.equal(refusal('PUT', 'Patient'), 'method-not-allowed')
  assert.equal(refusal('GET', '_'.repeat(400)), 'path-unknown')
})
