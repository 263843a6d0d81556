/**
 * That a path around the gate does not compile. `tsc` reports an unused `@ts-expect-error`, so if one of these lines
 * ever compiled, `npm run check` would fail.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VaultReader } from '../vault/vault.ts'
import { mintPermit } from './mint.ts'
import type { Permit, Scope } from './permit.ts'
import { type AccessRequest, PURPOSE_SYSTEM } from './request.ts'

const NOTHING: Scope = { files: new Map(), others: 'none', general: false }
const EVERYTHING: Scope = { files: new Map(), others: 'all', general: true }
const REQUEST: AccessRequest = {
  requester: 'aa',
  custodian: 'bb',
  practitioner: null,
  operator: false,
  purpose: { system: PURPOSE_SYSTEM, code: 'TREAT' },
  emergency: null,
  timeMs: 0,
}

/** Never called: only its types count. */
export async function readsAroundTheGate(reader: VaultReader, permit: Permit): Promise<void> {
  // @ts-expect-error a permit cannot be written as a literal
  const literal: Permit = { request: REQUEST, scope: EVERYTHING }
  // @ts-expect-error a permit cannot be widened by spreading it
  const widened: Permit = { ...permit, scope: EVERYTHING }
  // @ts-expect-error the scope of a permit cannot be replaced
  permit.scope = EVERYTHING
  // @ts-expect-error reading takes a permit
  await reader.read('Patient', '1')
  // @ts-expect-error a scope is no permit
  await reader.read(EVERYTHING, 'Patient', '1')
  // @ts-expect-error nothing is no permit
  await reader.search(undefined, {})
  await reader.read(literal, 'Patient', '1')
  await reader.read(widened, 'Patient', '1')
}

test('a permit cannot be changed once it is made', () => {
  const permit = mintPermit(REQUEST, NOTHING)
  assert.throws(() => Object.assign(permit, { scope: EVERYTHING }), TypeError)
  assert.equal(permit.scope, NOTHING)
})
