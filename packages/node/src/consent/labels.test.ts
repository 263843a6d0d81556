import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observation } from '@medplum/fhirtypes'
import fc from 'fast-check'
import { compiled, confidentiality, covers, type Json, request, sensitivity } from '../../test/consents.ts'
import { factsOf } from '../vault/index/facts.ts'
import { evaluate } from './evaluate.ts'
import { ABSENT_SYSTEM, canonicalLabel, heldLabels } from './labels.ts'

const CONFIDENTIALITY_SPELLINGS = [
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  'https://terminology.hl7.org/CodeSystem/v3-confidentiality/',
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality|2018-08-12',
  'http://terminology.hl7.org/ValueSet/v3-Confidentiality',
  'http://hl7.org/fhir/v3/Confidentiality',
  'http://hl7.org/fhir/v3/vs/Confidentiality',
  'urn:oid:2.16.840.1.113883.5.25',
  '2.16.840.1.113883.5.25',
]
const SENSITIVITY_SPELLINGS = [
  'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  'http://hl7.org/fhir/v3/ActCode',
  'urn:oid:2.16.840.1.113883.5.4',
]

/** Whether a consent with this provision gives Lakeside an observation with these labels. */
function released(provision: Json, security: readonly Json[]): boolean {
  const { permit, deny } = evaluate(compiled(provision), request())
  const observation: Observation & { id: string } = {
    ...({ resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' } } as const),
    meta: { security: [...security] },
  }
  const facts = factsOf(observation, '')
  return covers(permit, facts) && !covers(deny, facts)
}

const WITHOUT_RESTRICTED = [
  { type: 'permit', provision: [{ type: 'deny', securityLabel: [confidentiality('R'), confidentiality('V')] }] },
  { type: 'permit', securityLabel: [confidentiality('N')] },
]

test('no spelling of a restricted label slips past a consent without R and V', () => {
  const systems = fc.constantFrom(undefined, ...CONFIDENTIALITY_SPELLINGS)
  const codes = fc.oneof(
    fc.constantFrom('R', 'V', 'r', 'v', 'X', 'restricted', 'PSY', undefined),
    fc.stringMatching(/^[A-Za-z]{2,8}$/),
  )
  fc.assert(
    fc.property(systems, codes, fc.constantFrom(...WITHOUT_RESTRICTED), (system, code, provision) => {
      const label = { ...(system !== undefined && { system }), ...(code !== undefined && { code }) }
      assert.equal(released(provision, [label]), false)
      assert.equal(released(provision, [confidentiality('N'), label]), false)
    }),
  )
})

test('what is not restricted is released, however it is spelled', () => {
  for (const provision of WITHOUT_RESTRICTED) {
    for (const system of [undefined, ...CONFIDENTIALITY_SPELLINGS]) {
      for (const code of ['U', 'l', 'M', 'n', 'N'])
        assert.ok(released(provision, [{ system, code }]), `${system} ${code}`)
    }
    assert.ok(released(provision, [{ system: 'http://example.org/labels', code: 'R' }]))
    assert.ok(released(provision, []))
  }
})

test('a sensitivity is at least restricted and is denied by name, however it is spelled', () => {
  const withoutEth = { type: 'permit', provision: [{ type: 'deny', securityLabel: [sensitivity('ETH')] }] }
  for (const system of [undefined, ...SENSITIVITY_SPELLINGS]) {
    for (const code of ['ETH', 'eth', 'EthUd']) {
      for (const provision of [...WITHOUT_RESTRICTED, withoutEth]) {
        assert.equal(released(provision, [{ system, code }]), false, `${system} ${code}`)
      }
    }
    assert.ok(released(withoutEth, [{ system, code: 'PSY' }]))
  }
  // Codes that the confidentiality system once had.
  assert.equal(released(withoutEth, [confidentiality('ETH')]), false)
})

test('a consent may spell its labels as it likes', () => {
  for (const system of [undefined, ...CONFIDENTIALITY_SPELLINGS]) {
    const provision = { type: 'permit', provision: [{ type: 'deny', securityLabel: [{ system, code: 'r' }] }] }
    assert.equal(released(provision, [confidentiality('V')]), false)
    assert.ok(released(provision, [confidentiality('N')]))
  }
})

test('a denial of a code covers resources that leave its system out, a permit does not', () => {
  const named = { system: 'http://example.org/labels', code: 'VIP' }
  const denial = { type: 'permit', provision: [{ type: 'deny', securityLabel: [named] }] }
  assert.equal(released(denial, [{ code: 'VIP' }]), false)
  assert.ok(released(denial, [{ code: 'other' }]))
  assert.equal(released({ type: 'permit', securityLabel: [named] }, [{ code: 'VIP' }]), false)
})

test('labels of contained resources count', () => {
  const observation = { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' } } as const
  const contained = [{ ...observation, id: 'c', meta: { security: [confidentiality('R')] } }]
  assert.deepEqual(factsOf({ ...observation, contained }, '').labels, [confidentiality('R')])
})

test('canonical spelling', () => {
  assert.deepEqual(canonicalLabel({ code: 'v' }), { code: 'V' })
  assert.deepEqual(canonicalLabel({ system: 'http://x', code: 'v' }), { system: 'http://x', code: 'v' })
  assert.deepEqual(canonicalLabel({ system: 'http://hl7.org/fhir/v3/ActCode', code: 'psy' }), sensitivity('PSY'))
  assert.deepEqual(heldLabels({ code: 'r' }), [confidentiality('R'), { system: ABSENT_SYSTEM, code: 'R' }])
  assert.deepEqual(heldLabels({ system: 'http://x' }), [])
})
