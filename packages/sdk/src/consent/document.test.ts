import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Consent } from '@medplum/fhirtypes'
import { consentDocument, consentEnd, RECIPIENT_EXTENSION, writtenConsent } from './document.ts'

const CHOICES = {
  patient: 'Patient/1',
  custodian: 'Organization/a',
  recipient: 'Organization/b',
  types: ['Observation', 'Condition'],
  purposes: ['TREAT', 'urn:x|y'],
  withoutLabels: ['R', 'V'],
  startMs: Date.UTC(2026, 0, 1),
  endMs: Date.UTC(2026, 0, 31),
}

test('a consent says exactly what was chosen', () => {
  const { provision, organization, patient } = consentDocument(CHOICES)
  assert.equal(patient?.reference, 'Patient/1')
  assert.equal(organization?.[0]?.reference, 'Organization/a')
  assert.equal(provision?.type, 'permit')
  assert.equal(provision?.actor?.[0]?.reference.reference, 'Organization/b')
  assert.deepEqual(
    provision?.class?.map(({ code }) => code),
    ['Observation', 'Condition'],
  )
  assert.deepEqual(provision?.purpose?.map(({ system, code }) => [system, code])[1], ['urn:x', 'y'])
  assert.deepEqual(provision?.period, { start: '2026-01-01T00:00:00.000Z', end: '2026-01-31T00:00:00.000Z' })
  const [denied] = provision?.provision ?? []
  assert.equal(denied?.type, 'deny')
  assert.deepEqual(
    denied?.securityLabel?.map(({ code }) => code),
    ['R', 'V'],
  )
})

test('what is not chosen is not there: no types, no labels, no end', () => {
  const { provision } = consentDocument({ ...CHOICES, types: [], withoutLabels: [], endMs: null })
  assert.deepEqual([provision?.class, provision?.provision, provision?.period?.end], [undefined, undefined, undefined])
})

test('a written consent stands as written; a recipient narrows it by a modifier that others must understand', () => {
  const written = { resourceType: 'Consent', status: 'active', provision: { type: 'deny' } }
  assert.deepEqual(writtenConsent(JSON.stringify(written), undefined), written)
  const narrowed = writtenConsent(JSON.stringify(written), 'Organization/b')
  assert.deepEqual(narrowed.modifierExtension, [
    { url: RECIPIENT_EXTENSION, valueReference: { reference: 'Organization/b' } },
  ])
  for (const text of ['{', '[]', 'null', '{"resourceType":"Patient"}']) {
    assert.throws(() => writtenConsent(text, undefined), { code: 'consent-malformed' })
  }
})

test('a consent ends with the last moment of its date', () => {
  const end = (value: string) =>
    consentEnd({ resourceType: 'Consent', provision: { period: { end: value } } } as Consent)
  assert.equal(end('2026'), Date.UTC(2027, 0, 1))
  assert.equal(end('2026-02'), Date.UTC(2026, 2, 1))
  assert.equal(end('2026-02-28'), Date.UTC(2026, 2, 1))
  assert.equal(end('2026-02-28T10:00:00Z'), Date.UTC(2026, 1, 28, 10))
  assert.equal(consentEnd({ resourceType: 'Consent' } as Consent), null)
  assert.throws(() => end('soon-enough-then'), { code: 'consent-malformed' })
})
