/** Consents for tests, in the shape of the IHE PCF examples, and resources as the filters see them. */
import { type CompiledPolicy, compilePolicy } from '../src/consent/compile.ts'
import type { Code, DataFilter, ResourceFacts } from '../src/consent/filter.ts'
import { parsePolicy } from '../src/consent/policy.ts'
import { type AccessRequest, PURPOSE_SYSTEM } from '../src/consent/request.ts'

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

/** Whether a filter covers a resource, straight from the words of filter.ts. */
export function covers(filter: DataFilter, resource: ResourceFacts): boolean {
  const self = `${resource.type}/${resource.id}`
  switch (filter.op) {
    case 'all':
      return true
    case 'none':
      return false
    case 'and':
      return filter.of.every((part) => covers(part, resource))
    case 'or':
      return filter.of.some((part) => covers(part, resource))
    case 'not':
      return !covers(filter.of, resource)
    case 'type':
      return filter.types.includes(resource.type)
    case 'label': {
      const isLabelled = resource.labels.some(({ system }) => system === CONFIDENTIALITY)
      const labels = isLabelled ? resource.labels : [...resource.labels, confidentiality('N')]
      return filter.labels.some((wanted) => labels.some((label) => matches(wanted, label)))
    }
    case 'code':
      return filter.codes.some((wanted) => resource.codes.some((code) => matches(wanted, code)))
    case 'period':
      return (
        resource.clinical !== null &&
        resource.clinical.endMs >= (filter.startMs ?? -Infinity) &&
        resource.clinical.startMs <= (filter.endMs ?? Infinity)
      )
    case 'instance':
      return filter.reference === self
    case 'related':
    case 'dependents':
      return filter.reference === self || resource.references.includes(filter.reference)
    case 'author':
      return resource.authors.includes(filter.reference)
  }
}

function matches(wanted: Code, code: Code): boolean {
  return wanted.code === code.code && (wanted.system === undefined || wanted.system === code.system)
}
