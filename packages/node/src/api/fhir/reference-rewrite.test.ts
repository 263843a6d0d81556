import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewriteLinks } from './reference-rewrite.ts'

const URN = 'urn:uuid:7b2f6c8e-1111-4222-8333-944455556666'

test('links are rewritten where the standard says so, and nowhere else', () => {
  const patient = {
    resourceType: 'Patient',
    text: { status: 'generated', div: `<div><a href="${URN}">a</a> ${URN} <img src='${URN}'/></div>` },
    contained: [{ resourceType: 'Group', member: [{ entity: { reference: URN } }] }],
    extension: [
      { url: 'http://example.org/x', valueUri: URN },
      { url: 'http://example.org/y', valueCanonical: URN },
    ],
    identifier: [{ system: 'urn:ietf:rfc:3986', value: URN }],
    generalPractitioner: [{ reference: URN }, { reference: '#x' }, { identifier: { value: URN } }],
  }
  const rewrite = (link: string): string | undefined => (link === URN ? 'Practitioner/1' : undefined)
  rewriteLinks(patient, rewrite, rewrite)
  assert.deepEqual(patient, {
    resourceType: 'Patient',
    text: {
      status: 'generated',
      div: `<div><a href="Practitioner/1">a</a> ${URN} <img src='Practitioner/1'/></div>`,
    },
    contained: [{ resourceType: 'Group', member: [{ entity: { reference: 'Practitioner/1' } }] }],
    extension: [
      { url: 'http://example.org/x', valueUri: 'Practitioner/1' },
      { url: 'http://example.org/y', valueCanonical: URN },
    ],
    identifier: [{ system: 'urn:ietf:rfc:3986', value: URN }],
    generalPractitioner: [{ reference: 'Practitioner/1' }, { reference: '#x' }, { identifier: { value: URN } }],
  })
})
