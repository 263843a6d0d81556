/**
 * Resources added to a patient's record so that everything that could leak is there: covered and uncovered ones that
 * refer to each other, a very restricted one, and one whose label changed after its first version.
 */
import assert from 'node:assert/strict'
import type { Condition, Observation } from '@medplum/fhirtypes'
import type { FhirClient, Stored } from './fhir.ts'

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const PROBES = 'urn:salus:test:probes'

export interface Probes {
  /** Covered; refers to `open`. */
  readonly fromOpen: string
  /** Covered; refers to `hidden`. */
  readonly fromHidden: string
  /** Covered; `fromOpen` and `hidden` refer to it. */
  readonly open: string
  /** Restricted; refers to `open`. */
  readonly hidden: string
  readonly veryRestricted: string
  readonly condition: string
  /** Normal in version 1, restricted in version 2. */
  readonly hiddenLater: string
  /** Restricted in version 1, normal in version 2. */
  readonly openedLater: string
}

/** Writes the probes as the custodian's clinician. */
export async function writeProbes(clinician: FhirClient, patient: string): Promise<Probes> {
  const create = async (resource: Observation | Condition): Promise<string> => {
    const reply = await clinician.write('POST', resource.resourceType, resource)
    assert.equal(reply.status, 201, reply.text)
    const { resourceType, id } = reply.json as Stored
    return `${resourceType}/${id}`
  }
  const change = async (name: string, resource: Observation): Promise<string> => {
    const reply = await clinician.put({ ...resource, id: name.slice('Observation/'.length) })
    assert.equal(reply.status, 200, reply.text)
    return name
  }
  const open = await create(observation(patient, 'open'))
  const hidden = await create({ ...observation(patient, 'hidden', open), meta: labelled('R') })
  return {
    open,
    hidden,
    fromOpen: await create(observation(patient, 'from-open', open)),
    fromHidden: await create(observation(patient, 'from-hidden', hidden)),
    veryRestricted: await create({ ...observation(patient, 'very-restricted'), meta: labelled('V') }),
    condition: await create(condition(patient)),
    hiddenLater: await change(await create(observation(patient, 'hidden-later')), {
      ...observation(patient, 'hidden-later'),
      meta: labelled('R'),
    }),
    openedLater: await change(await create({ ...observation(patient, 'opened-later'), meta: labelled('R') }), {
      ...observation(patient, 'opened-later'),
      meta: labelled('N'),
    }),
  }
}

function labelled(code: string): { security: { system: string; code: string }[] } {
  return { security: [{ system: CONFIDENTIALITY, code }] }
}

function observation(patient: string, code: string, derivedFrom?: string): Observation {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: PROBES, code }], text: `probe ${code}` },
    subject: { reference: patient },
    effectiveDateTime: '2024-05-06T07:08:09Z',
    valueQuantity: { value: 37.5, unit: 'Cel', system: 'http://unitsofmeasure.org', code: 'Cel' },
    ...(derivedFrom === undefined ? {} : { derivedFrom: [{ reference: derivedFrom }] }),
  }
}

function condition(patient: string): Condition {
  return {
    resourceType: 'Condition',
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    code: { coding: [{ system: PROBES, code: 'condition' }], text: 'probe condition' },
    subject: { reference: patient },
    onsetDateTime: '2020-02-03',
    recordedDate: '2024-05-06',
  }
}
