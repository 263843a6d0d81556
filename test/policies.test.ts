/**
 * Consents as others write them, in the shapes of IHE Privacy Consent on FHIR (volume 3, 5.8): what each opens is
 * computed from the record itself and must be what another member sees, type by type.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consent, ConsentProvision } from '@medplum/fhirtypes'
import { check, type Demo, demoTest, type Failed } from './support/demo.ts'
import { authorsOf, clinicalSpan, confidentialityOf } from './support/expected.ts'
import { type FhirClient, nameOf, names, type Stored } from './support/fhir.ts'
import { RECORD_TYPES, recordOf, refersTo } from './support/record.ts'
import { Session } from './support/session.ts'

/** The patient with restricted data of several types. */
const PATIENT = 4
const REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const TYPES = 'http://hl7.org/fhir/resource-types'
const TPO = ['TREAT', 'HPAYMT', 'HOPERAT'].map((code) => ({ system: REASON, code }))

/** The parties, and the record that the expectations are computed from. */
interface Scene {
  readonly demo: Demo
  readonly session: Session
  readonly record: readonly Stored[]
  readonly lakeside: FhirClient
  readonly hilltop: FhirClient
}

demoTest('consents in the shapes of IHE PCF', {}, async (t, demo) => {
  const scene: Scene = {
    demo,
    session: await Session.open(demo, PATIENT),
    record: await recordOf(demo.own('riverside', 'admin'), demo.patient(PATIENT).reference),
    lakeside: demo.exchange('lakeside', 'riverside'),
    hilltop: demo.exchange('hilltop', 'riverside'),
  }
  for (const [name, run] of Object.entries(CASES)) await check(t, name, () => run(scene))
})

const CASES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  'everything, to anybody, for treatment, payment and operations': async (scene) => {
    await during(scene, [{ type: 'permit', purpose: TPO }], async () => {
      await sees(scene, scene.lakeside, () => true)
      await sees(scene, scene.hilltop, () => true)
      await sees(scene, asking(scene, 'HPAYMT'), () => true)
      await sees(scene, asking(scene, 'HRESCH'), () => false)
    })
    await sees(scene, scene.lakeside, () => false)
  },
  'nobody but one practitioner is refused': async (scene) => {
    const denied = scene.demo.member('lakeside').clinicianPractitioner
    const exception: ConsentProvision = { type: 'deny', actor: [actor(denied)] }
    await during(scene, [{ type: 'permit', purpose: TPO, provision: [exception] }], async () => {
      await sees(scene, scene.lakeside, () => false)
      await sees(scene, scene.hilltop, () => true)
    })
  },
  'to one practitioner alone': async (scene) => {
    const named = scene.demo.member('lakeside').clinicianPractitioner
    await during(scene, [{ type: 'permit', actor: [actor(named)] }], async () => {
      await sees(scene, scene.lakeside, () => true)
      await sees(scene, scene.hilltop, () => false)
    })
  },
  'data by an author, and all but that': async (scene) => {
    const author = mostFrequent(scene.record.flatMap(authorsOf).filter((name) => name.startsWith('Practitioner/')))
    const data = [{ meaning: 'authoredby' as const, reference: { reference: author } }]
    await onlyAndAllBut(scene, { data }, (resource) => authorsOf(resource).includes(author))
  },
  'data of a timeframe': async (scene) => {
    const types = [
      { system: TYPES, code: 'Observation' },
      { system: TYPES, code: 'Encounter' },
    ]
    const [startMs, endMs] = [Date.parse('2018-01-01'), Date.parse('2021-01-01') - 1]
    await during(scene, [{ type: 'permit', class: types, dataPeriod: { start: '2018', end: '2020' } }], () =>
      sees(scene, scene.lakeside, (resource) => {
        const span = clinicalSpan(resource)
        return span !== null && span.startMs <= endMs && span.endMs >= startMs
      }),
    )
  },
  'normal data, and normal and restricted data': async (scene) => {
    const isNormal = (resource: Stored): boolean => !['R', 'V'].includes(confidentialityOf(resource))
    await during(scene, [{ type: 'permit', securityLabel: [label('N')] }], () => sees(scene, scene.lakeside, isNormal))
    await during(scene, [{ type: 'permit', securityLabel: [label('N'), label('R')] }], () =>
      sees(scene, scene.lakeside, () => true),
    )
    const exception: ConsentProvision = { type: 'deny', securityLabel: [label('R')] }
    await during(scene, [{ type: 'permit', provision: [exception] }], () => sees(scene, scene.lakeside, isNormal))
  },
  'named data, and all but that': async (scene) => {
    const named = [1, 20, scene.record.length - 1].map((at) => nameOf(scene.record[at] as Stored))
    const data = named.map((reference) => ({ meaning: 'instance' as const, reference: { reference } }))
    await onlyAndAllBut(scene, { data }, (resource) => named.includes(nameOf(resource)))
  },
  'data related to an encounter, and all but that': async (scene) => {
    const encounters = scene.record.filter(({ resourceType }) => resourceType === 'Encounter').map(nameOf)
    const related = (name: string): number => scene.record.filter((resource) => refersTo(resource, name)).length
    const encounter = encounters.sort((a, b) => related(b) - related(a))[0] as string
    assert.ok(related(encounter) > 2)
    const data = [{ meaning: 'related' as const, reference: { reference: encounter } }]
    await onlyAndAllBut(scene, { data }, (one) => nameOf(one) === encounter || refersTo(one, encounter))
  },
  'for research alone': async (scene) => {
    await during(scene, [{ type: 'permit', purpose: [{ system: REASON, code: 'HRESCH' }] }], async () => {
      await sees(scene, scene.lakeside, () => false)
      await sees(scene, asking(scene, 'HRESCH'), () => true)
    })
  },
  'a denial outweighs every permit of other consents': async (scene) => {
    const isObservation = ({ resourceType }: Stored): boolean => resourceType === 'Observation'
    await during(scene, [{ type: 'permit' }], async () => {
      const denial: ConsentProvision = { type: 'deny', class: [{ system: TYPES, code: 'Observation' }] }
      await during(scene, [denial, { type: 'permit' }], () =>
        sees(scene, scene.lakeside, (resource) => !isObservation(resource)),
      )
      await sees(scene, scene.lakeside, () => true)
      await during(scene, [{ type: 'deny', actor: [actor(scene.demo.member('lakeside').organization)] }], async () => {
        await sees(scene, scene.lakeside, () => false)
        await sees(scene, scene.hilltop, () => true)
      })
    })
  },
  'a denial reaches the custodian’s own staff, not emergencies': async (scene) => {
    const staff = scene.demo.own('riverside', 'clinician')
    await sees(scene, staff, () => true)
    await during(scene, [{ type: 'deny' }], async () => {
      await sees(scene, staff, () => false)
      const { url, clinicianToken } = scene.demo.member('lakeside')
      const emergency = await fetch(`${url}/exchange/riverside/fhir/${scene.demo.patient(PATIENT).reference}`, {
        headers: { authorization: `Bearer ${clinicianToken}`, 'x-purpose-of-use': 'BTG', 'x-emergency-reason': 'coma' },
      })
      assert.equal(emergency.status, 200)
    })
  },
  'a consent ends with its period': async (scene) => {
    const end = new Date(Date.now() + 3000).toISOString()
    await during(scene, [{ type: 'permit', period: { end } }], async () => {
      assert.equal((await scene.lakeside.get(scene.demo.patient(PATIENT).reference)).status, 200)
      await sleep(Math.max(0, Date.parse(end) - Date.now() + 50))
      await sees(scene, scene.lakeside, () => false)
    })
  },
  'what is not understood opens nothing': async (scene) => {
    const good = written(scene, { type: 'permit' })
    const other = scene.demo.patient(0).reference
    const { category: _, ...uncategorised } = good
    const documents: readonly Consent[] = [
      uncategorised as Consent,
      { ...good, dateTime: '2026-02-30' },
      written(scene, { type: 'permit', purpose: [{ system: REASON, code: 'FOO' }] }),
      { ...good, modifierExtension: [{ url: 'urn:example:unknown', valueBoolean: true }] },
      { ...good, implicitRules: 'urn:example:rules' },
      { ...good, status: 'proposed' },
      { ...good, patient: { reference: other } },
      { ...good, organization: [{ reference: scene.demo.member('hilltop').organization }] },
      {
        ...good,
        scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }] },
      },
      // A misspelt label would deny nothing.
      { ...good, provision: { type: 'permit', provision: [{ type: 'deny', securityLabel: [label('restricted')] }] } },
      { ...good, provision: { type: 'permit', data: [{ meaning: 'instance', reference: { display: 'that one' } }] } },
    ]
    for (const document of documents) {
      await assert.rejects(scene.session.grantWritten(document), /./, JSON.stringify(document).slice(0, 200))
      await sees(scene, scene.lakeside, () => false)
    }
  },
  '--recipient narrows a written consent': async ({ demo, ...scene }) => {
    const policy = join(demo.folder, 'policy.json')
    writeFileSync(policy, JSON.stringify(written({ demo, ...scene }, { type: 'permit', purpose: TPO })))
    const patient = demo.patient(PATIENT)
    const args = ['consent', 'grant', '--custodian', 'riverside', '--recipient', 'lakeside', '--policy', 'policy.json']
    await scene.session.save()
    const granted = await demo.wallet<{ id: string }>(patient, args)
    assert.equal(granted.code, 0, granted.stdout)
    await sees({ demo, ...scene }, scene.lakeside, () => true)
    await sees({ demo, ...scene }, scene.hilltop, () => false)
    assert.equal((await demo.wallet(patient, ['consent', 'revoke', '--id', granted.json.id])).code, 0)
    await sees({ demo, ...scene }, scene.lakeside, () => false)
    const mixed = await demo.wallet<Failed>(patient, [...args, '--type', 'Observation'])
    assert.deepEqual([mixed.code, mixed.json.error.code], [2, 'usage'])
    const to = ['--custodian', 'riverside', '--recipient', 'lakeside']
    const unknown = await demo.wallet<Failed>(patient, ['consent', 'grant', ...to, '--purpose', 'FOO'])
    assert.equal(unknown.json.error.code, 'consent-not-understood')
    await sees({ demo, ...scene }, scene.lakeside, () => false)
  },
}

/** A consent in PCF's shape around a provision. */
function written({ demo }: Pick<Scene, 'demo'>, provision: ConsentProvision): Consent {
  return {
    resourceType: 'Consent',
    meta: { profile: ['https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentAdvanced'] },
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: demo.patient(PATIENT).reference },
    dateTime: '2026-01-01',
    performer: [{ reference: demo.patient(PATIENT).reference }],
    organization: [{ reference: demo.member('riverside').organization }],
    policy: [{ uri: 'urn:example:policy' }],
    provision,
  }
}

/** Runs `check` while consents with these provisions are in force. */
async function during(scene: Scene, provisions: readonly ConsentProvision[], run: () => Promise<void>): Promise<void> {
  const ids: string[] = []
  for (const provision of provisions) ids.push(await scene.session.grantWritten(written(scene, provision)))
  await run()
  for (const id of ids) await scene.session.revoke(id)
}

/** A permit of just this data, and one of everything with this data as the exception. */
async function onlyAndAllBut(
  scene: Scene,
  condition: ConsentProvision,
  isMeant: (resource: Stored) => boolean,
): Promise<void> {
  const meant = scene.record.filter(isMeant).length
  assert.ok(meant > 0 && meant < scene.record.length, 'the condition divides the record')
  await during(scene, [{ type: 'permit', ...condition }], () => sees(scene, scene.lakeside, isMeant))
  await during(scene, [{ type: 'permit', provision: [{ type: 'deny', ...condition }] }], () =>
    sees(scene, scene.lakeside, (resource) => !isMeant(resource)),
  )
}

/** The asker sees of the record exactly what is expected, by search and by read. */
async function sees(scene: Scene, asker: FhirClient, isExpected: (resource: Stored) => boolean): Promise<void> {
  const { reference } = scene.demo.patient(PATIENT)
  const expected = names(scene.record.filter(isExpected))
  const found: Stored[] = []
  const patient = await asker.get(reference)
  if (patient.status === 200) found.push(patient.json as Stored)
  else assert.equal(patient.status, 403)
  for (const type of RECORD_TYPES) {
    const path = `${type}?patient=${reference}&_count=200`
    if ((await asker.get(`${path}&_summary=count`)).status === 403) continue
    const { matches, totals } = await asker.pages(path)
    assert.equal(totals[0], matches.length)
    found.push(...matches)
  }
  assert.deepEqual(names(found), expected)
}

/** Lakeside's clinician with another purpose. */
function asking({ demo }: Scene, purpose: string): FhirClient {
  return demo.exchange('lakeside', 'riverside', { 'x-purpose-of-use': purpose })
}

function actor(reference: string): {
  role: { coding: { system: string; code: string }[] }
  reference: { reference: string }
} {
  const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }]
  return { role: { coding }, reference: { reference } }
}

function label(code: string): { system: string; code: string } {
  return { system: CONFIDENTIALITY, code }
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] as string
}
