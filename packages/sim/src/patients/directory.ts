/**
 * The organisation and the practitioners that every record refers to: the first bundle. Records name them by
 * conditional reference (FHIR R4 section 3.1.0.11.2), since they come in another transaction.
 */
import type { Bundle, Organization, Practitioner, Reference } from '@medplum/fhirtypes'
import { createRandom, type Random } from '../random.ts'
import { hl7Concept, restricted } from './codes.ts'
import { drawName } from './people.ts'
import { transaction, transactionEntry } from './record.ts'

const NPI = 'http://hl7.org/fhir/sid/us-npi'
const ORGANIZATION_SYSTEM = 'urn:oid:2.16.840.1.113883.19.6'
const ORGANIZATION_NUMBER = 'synthetic-hospital'

/** Numbers beginning with 9 are never issued as National Provider Identifiers. */
const PRACTITIONERS = {
  family: { number: '9999000011', female: true },
  pediatrics: { number: '9999000029', female: false },
  obstetrics: { number: '9999000037', female: true },
  cardiology: { number: '9999000045', female: false },
  psychiatry: { number: '9999000052', female: true },
} as const

export type Specialty = keyof typeof PRACTITIONERS

export function practitioner(specialty: Specialty): Reference<Practitioner> {
  return { reference: `Practitioner?identifier=${NPI}|${PRACTITIONERS[specialty].number}` }
}

/** The labels of what a specialty records: psychiatry's is restricted, all else is as open as the record. */
export function labelsOf(specialty: Specialty): { meta?: ReturnType<typeof restricted> } {
  return specialty === 'psychiatry' ? { meta: restricted('PSY') } : {}
}

export const HOSPITAL: Reference<Organization> = {
  reference: `Organization?identifier=${ORGANIZATION_SYSTEM}|${ORGANIZATION_NUMBER}`,
}

/** The bundle of the organisation and its practitioners; loading it twice creates them once. */
export function directoryBundle(seed: number): Bundle {
  const random = createRandom(seed)
  const practitioners = Object.values(PRACTITIONERS).map(({ number, female }) =>
    createOnce(random, NPI, number, {
      resourceType: 'Practitioner',
      identifier: [{ system: NPI, value: number }],
      active: true,
      name: [practitionerName(random, female)],
      gender: female ? 'female' : 'male',
      qualification: [{ code: hl7Concept('v2-0360', 'MD', 'Doctor of Medicine') }],
    }),
  )
  const hospital = createOnce(random, ORGANIZATION_SYSTEM, ORGANIZATION_NUMBER, {
    resourceType: 'Organization',
    identifier: [{ system: ORGANIZATION_SYSTEM, value: ORGANIZATION_NUMBER }],
    active: true,
    type: [hl7Concept('organization-type', 'prov', 'Healthcare Provider')],
    name: 'Synthetic General Hospital',
    telecom: [{ system: 'phone', value: '555-0100' }],
  })
  return transaction([hospital, ...practitioners])
}

function practitionerName(random: Random, female: boolean) {
  const { given, family } = drawName(random, female)
  return { family, given: [given], prefix: ['Dr.'] }
}

function createOnce(random: Random, system: string, number: string, resource: Organization | Practitioner) {
  return transactionEntry(`urn:uuid:${random.uuid()}`, resource, `identifier=${system}|${number}`)
}
