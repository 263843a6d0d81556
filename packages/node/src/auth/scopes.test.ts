import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Principal } from './principal.ts'
import {
  ACTION_NAMES,
  allows,
  intersectScopes,
  isAdministrator,
  parseScopes,
  requireScope,
  writeScopes,
} from './scopes.ts'

function principal(scopes: string, kind: Principal['kind'] = 'operator'): Principal {
  return { kind, member: '0'.repeat(32), practitioner: null, scopes: parseScopes(scopes), asserted: null }
}

const scopeText = fc
  .tuple(
    fc.constantFrom('user', 'system', 'patient'),
    fc.constantFrom('*', 'Patient', 'Observation', 'Condition'),
    fc.constantFrom('c', 'r', 'u', 'd', 's', 'rs', 'cud', 'cruds', 'read', 'write', '*'),
  )
  .map(([context, type, letters]) => `${context}/${type}.${letters}`)
const scopesText = fc.array(scopeText, { maxLength: 6 }).map((scopes) => scopes.join(' '))

test('scopes of both versions are read', () => {
  assert.equal(writeScopes(parseScopes('system/*.cruds user/Patient.rs')), 'system/*.cruds user/Patient.rs')
  assert.equal(
    writeScopes(parseScopes('user/Patient.read user/Media.write system/*.*')),
    'user/Patient.rs user/Media.cud system/*.cruds',
  )
  assert.deepEqual(parseScopes(''), [])
})

test('what is not a scope is refused', () => {
  for (const text of ['user/Patient', 'user/Patient.', 'user/Patient.sr', 'user/patient.r', 'root/*.r', 'openid']) {
    assert.throws(() => parseScopes(text), { code: 'scope-malformed' }, text)
  }
  assert.throws(() => parseScopes('user/Observation.rs?category=x'), { code: 'scope-query-unsupported' })
  assert.throws(() => parseScopes('user/Media.r '.repeat(201)), { code: 'scope-malformed' })
})

test('a type and an action are needed, and patient scopes open nothing', () => {
  const reader = principal('system/Patient.r')
  requireScope(reader, 'Patient', 'read')
  for (const [type, action] of [
    ['Patient', 'search'],
    ['Observation', 'read'],
    ['*', 'read'],
  ] as const) {
    assert.throws(() => requireScope(reader, type, action), { code: 'insufficient-scope' })
  }
  assert.throws(() => requireScope(principal('patient/*.cruds'), 'Patient', 'read'), { code: 'insufficient-scope' })
  assert.equal(isAdministrator(principal('system/*.cruds')), true)
  assert.equal(isAdministrator(principal('system/*.crud')), false)
  assert.equal(isAdministrator(principal('user/*.cruds', 'practitioner')), false)
})

test('an intersection allows exactly what both allow', () => {
  fc.assert(
    fc.property(scopesText, scopesText, (requested, allowed) => {
      const of = (context: string, text: string): Principal =>
        principal(
          text
            .split(' ')
            .filter((scope) => scope.startsWith(context))
            .join(' '),
        )
      const common = writeScopes(intersectScopes(parseScopes(requested), parseScopes(allowed)))
      for (const context of ['user', 'system']) {
        for (const type of ['*', 'Patient', 'Observation', 'Condition', 'Device']) {
          for (const action of ACTION_NAMES) {
            const both = allows(of(context, requested), type, action) && allows(of(context, allowed), type, action)
            assert.equal(allows(of(context, common), type, action), both)
          }
        }
      }
    }),
  )
})
