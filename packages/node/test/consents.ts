/** Consents for tests, in the shape of the IHE PCF examples, and resources as the filters see them. */
import { type CompiledPolicy, compilePolicy } from '../src/consent/compile.ts'
import type { Code, DataFilter, ResourceFacts } from '../src/consent/filter.ts'
import { parsePolicy } from '../src/consent/policy.ts'
import { type AccessRequest, PURPOSE_SYSTEM } from '../src/consent/request.ts'
import { matches } from '../src/vault/filter-memory.ts'

export const CUSTODIAN = 'c'.repeat(32)
export const LAKESIDE = 'a'.repeat(32)
export const HILLTOP = 'b'.repeat(32)
export const TIME_MS = Date.UTC(2024, 5, 1)

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

export type Json = { [key: string]: unknown }

export const reason = (code: string): Required<Code> => ({ system: PURPOSE_SYSTEM, code })
export const confidentiality = (code: string): Code => ({ system: CONFIDENTIALITY, code })
export const sensitivity = (code: string): Code => ({ system: ACT_CODE, code })
export const type = (code: string): Code => ({ system: 'http://hl7.org/fhir/resource-types', code })

/** Treatment, payment, operations: what PCF's examples permit. */
export const TPO = ['TREAT', 'HPAYMT', 'HOPERAT'].map(reason)

export function actor(reference: string): Json {
  const system = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType'
  return { role: { coding: [{ system, code: 'IRCP' }] }, reference: { reference } }
}

/** A Consent of `Patient/p` with this root provision. */
export function consent(provision: Json, more: Json = {}): Json {
  return {
    resourceType: 'Consent',
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/p' },
    dateTime: '2022-06-13',
    performer: [{ reference: 'Patient/p' }],
    organization: [{ reference: `Organization/${CUSTODIAN}` }],
    sourceReference: { reference: 'DocumentReference/paper' },
    policy: [{ uri: 'http://example.org/policies/basePrivacyConsentPolicy.txt' }],
    provision,
    ...more,
  }
}

export function compiled(provision: Json, more: Json = {}): CompiledPolicy {
  return compilePolicy(parsePolicy(JSON.stringify(consent(provision, more))))
}

/** A clinician of Lakeside who asks for treatment. */
export function request(change: Partial<AccessRequest> = {}): AccessRequest {
  return {
    requester: LAKESIDE,
    custodian: CUSTODIAN,
    practitioner: 'Practitioner/alice',
    operator: false,
    purpose: reason('TREAT'),
    emergency: null,
    timeMs: TIME_MS,
    ...change,
  }
}

export function facts(change: Partial<ResourceFacts> = {}): ResourceFacts {
  return {
    type: 'Observation',
    id: 'o',
    labels: [],
    codes: [],
    clinical: null,
    references: [],
    authors: [],
    ...change,
  }
}

/** Whether a filter covers a resource that nothing known refers to. */
export function covers(filter: DataFilter, resource: ResourceFacts): boolean {
  return matches(filter, resource, () => [])
}
