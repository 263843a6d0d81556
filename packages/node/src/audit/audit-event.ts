/**
 * A disclosure as a FHIR R4 AuditEvent in the shape of IHE's Basic Audit Log Patterns
 * (https://profiles.ihe.net/ITI/BALP). The journal keeps compact entries, and this is the one place that renders them:
 * the same entry always gives the same resource. What is rendered how, and where BALP asks for what the journal does
 * not keep, stands in docs/spec/audit-event.md.
 */
import type {
  AuditEvent,
  AuditEventAgent,
  AuditEventAgentNetwork,
  AuditEventEntity,
  CodeableConcept,
  Coding,
  Extension,
} from '@medplum/fhirtypes'
import { type DisclosureEntry, toHex } from '@salus/core'
import { PURPOSE_SYSTEM } from '../consent/request.ts'
import { disclosureId } from '../disclosure/journal.ts'

const BALP = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition'
export const PATIENT_READ_PROFILE = `${BALP}/IHE.BasicAudit.PatientRead`
export const PATIENT_QUERY_PROFILE = `${BALP}/IHE.BasicAudit.PatientQuery`

/** Systems of identifiers and codes that are ours. */
export const MEMBER_SYSTEM = 'urn:salus:member'
const FILE_SYSTEM = 'urn:salus:file'
const CONSENT_SYSTEM = 'urn:salus:consent'
const CONTENT_SYSTEM = 'urn:salus:disclosure-content'
const INTERACTION_SYSTEM = 'urn:salus:interaction'

/** Type of the entity detail that holds the stated reason of emergency access. */
const EMERGENCY_REASON_DETAIL = 'emergency-reason'

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM'
const RESTFUL_INTERACTION = 'http://hl7.org/fhir/restful-interaction'
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types'

/** Outcome codes of R4: 0 is success, 8 a serious failure. */
export const OUTCOMES = { permit: '0', deny: '8' } as const

/** The interactions that FHIR has a code for; others are operations, with a code of ours beside. */
const FHIR_INTERACTIONS: ReadonlySet<string> = new Set([
  'read',
  'vread',
  'history-instance',
  'history-type',
  'history-system',
  'search-type',
  'search-system',
  'create',
  'update',
  'delete',
])

/** Reads carry data from server to client; of what is executed the parameters go from client to server. */
const EXECUTED: ReadonlySet<string> = new Set(['search-type', 'search-system', 'everything'])

const PERSON: Coding = { system: `${TERMINOLOGY}/audit-entity-type`, code: '1' }
const SYSTEM_OBJECT: Coding = { system: `${TERMINOLOGY}/audit-entity-type`, code: '2' }
const OTHER: Coding = { system: `${TERMINOLOGY}/audit-entity-type`, code: '4' }
const ROLE_PATIENT: Coding = { system: `${TERMINOLOGY}/object-role`, code: '1' }
const ROLE_DOMAIN_RESOURCE: Coding = { system: `${TERMINOLOGY}/object-role`, code: '4' }
const ROLE_QUERY: Coding = { system: `${TERMINOLOGY}/object-role`, code: '24' }
const SOURCE_ROLE: CodeableConcept = { coding: [{ system: DICOM, code: '110153' }] }
const DESTINATION_ROLE: CodeableConcept = { coding: [{ system: DICOM, code: '110152' }] }
const RECIPIENT: CodeableConcept = { coding: [{ system: `${TERMINOLOGY}/v3-ParticipationType`, code: 'IRCP' }] }
const APPLICATION_SERVER: Coding = { system: `${TERMINOLOGY}/security-source-type`, code: '4' }

/** The query is left out on purpose: what was searched for may be personal data. */
const MASKED: readonly Extension[] = [
  { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' },
]

/** An entity whose query is absent for a stated reason (FHIR JSON, R4 section 2.6.2.3). */
type QueryEntity = AuditEventEntity & { readonly _query: { readonly extension: readonly Extension[] } }

/** The event of an entry; `patient` is the Patient id of the entry's file, null when the patient was erased. */
export function auditEventOf(entry: DisclosureEntry, patient: string | null): AuditEvent & { id: string } {
  const recorded = new Date(entry.timeMs).toISOString()
  const profile = profileOf(entry, patient)
  return {
    resourceType: 'AuditEvent',
    id: disclosureId(entry.fileId, entry.sequence),
    meta: { versionId: '1', lastUpdated: recorded, ...(profile === null ? {} : { profile: [profile] }) },
    type: { system: `${TERMINOLOGY}/audit-event-type`, code: 'rest' },
    subtype: subtypesOf(entry.interaction),
    action: EXECUTED.has(entry.interaction) ? 'E' : 'R',
    recorded,
    outcome: OUTCOMES[entry.decision],
    outcomeDesc: entry.reason,
    purposeOfEvent: [purposeOf(entry)],
    agent: agentsOf(entry),
    source: { observer: organization(entry.custodian), type: [APPLICATION_SERVER] },
    entity: entitiesOf(entry, patient),
  }
}

/** The profile that the event conforms to. BALP's are about successes with a known patient; other events have none. */
function profileOf({ decision, interaction, content }: DisclosureEntry, patient: string | null): string | null {
  if (decision === 'deny' || patient === null) return null
  if (interaction === 'search-type' || interaction === 'search-system') return PATIENT_QUERY_PROFILE
  return (interaction === 'read' || interaction === 'vread') && content !== null ? PATIENT_READ_PROFILE : null
}

function subtypesOf(interaction: string): Coding[] {
  if (FHIR_INTERACTIONS.has(interaction)) return [{ system: RESTFUL_INTERACTION, code: interaction }]
  return [
    { system: RESTFUL_INTERACTION, code: 'operation' },
    { system: INTERACTION_SYSTEM, code: interaction },
  ]
}

function purposeOf({ purpose }: DisclosureEntry): CodeableConcept {
  const bar = purpose.indexOf('|')
  const coding = bar < 0 ? [PURPOSE_SYSTEM, purpose] : [purpose.slice(0, bar), purpose.slice(bar + 1)]
  return { coding: [{ system: coding[0] as string, code: coding[1] as string }] }
}

type Who = NonNullable<AuditEventAgent['who']>

/** The asking member, the answering one, and who asked; the purpose stands with the one who asked. */
function agentsOf(entry: DisclosureEntry): AuditEventAgent[] {
  const { requester, custodian, practitioner, interaction } = entry
  const executed = EXECUTED.has(interaction)
  const asker = { requestor: true, purposeOfUse: [purposeOf(entry)] }
  const bystander = { requestor: false }
  const client: AuditEventAgent = {
    type: executed ? SOURCE_ROLE : DESTINATION_ROLE,
    who: organization(requester),
    ...(practitioner === null ? asker : bystander),
    network: networkOf(requester),
  }
  const server: AuditEventAgent = {
    type: executed ? DESTINATION_ROLE : SOURCE_ROLE,
    who: organization(custodian),
    ...bystander,
    network: networkOf(custodian),
  }
  if (practitioner === null) return [client, server]
  return [client, server, { type: RECIPIENT, who: practitionerOf(entry, practitioner), ...asker }]
}

/** A reference is local to the server that holds it, so another member's practitioner is named by an identifier. */
function practitionerOf({ requester, custodian }: DisclosureEntry, practitioner: string): Who {
  if (requester === custodian) return { reference: practitioner, type: 'Practitioner' }
  return { type: 'Practitioner', identifier: { system: memberUri(requester), value: practitioner } }
}

/** Also the system of a member's own references to its practitioners. */
function memberUri(member: string): string {
  return `${MEMBER_SYSTEM}:${member}`
}

/** A member's Organization has the member's id, at every node. */
function organization(member: string): { reference: string; type: 'Organization' } {
  return { reference: `Organization/${member}`, type: 'Organization' }
}

/** Members meet through their gateways; the ledger says at which URL. Type 5 is a URI. */
function networkOf(member: string): AuditEventAgentNetwork {
  return { address: memberUri(member), type: '5' }
}

function entitiesOf(entry: DisclosureEntry, patient: string | null): AuditEventEntity[] {
  const executed = EXECUTED.has(entry.interaction)
  const consents = entry.consents.map((id): AuditEventEntity => {
    const identifier = { system: CONSENT_SYSTEM, value: toHex(id) }
    return { what: { type: 'Consent', identifier }, type: { system: RESOURCE_TYPES, code: 'Consent' } }
  })
  return [
    patientEntity(entry, patient),
    ...(executed ? [QUERY] : []),
    // BALP's query has no details, and is the only System Object of its event.
    ...(entry.content === null ? [] : [contentEntity(entry, entry.content, executed ? OTHER : SYSTEM_OBJECT)]),
    ...consents,
  ]
}

const QUERY: QueryEntity = { type: SYSTEM_OBJECT, role: ROLE_QUERY, _query: { extension: MASKED } }

function patientEntity({ fileId, emergency }: DisclosureEntry, patient: string | null): AuditEventEntity {
  const erased = { type: 'Patient' as const, identifier: { system: FILE_SYSTEM, value: toHex(fileId) } }
  return {
    what: patient === null ? erased : { reference: `Patient/${patient}`, type: 'Patient' },
    type: PERSON,
    role: ROLE_PATIENT,
    ...(emergency === null ? {} : { detail: [{ type: EMERGENCY_REASON_DETAIL, valueString: emergency }] }),
  }
}

/** What was released: how many resources of each type, and the root over their commitments. */
function contentEntity({ what }: DisclosureEntry, content: Uint8Array, type: Coding): AuditEventEntity {
  return {
    what: { identifier: { system: CONTENT_SYSTEM, value: toHex(content) } },
    type,
    role: ROLE_DOMAIN_RESOURCE,
    ...(what.length === 0 ? {} : { detail: what.map(({ type, count }) => ({ type, valueString: String(count) })) }),
  }
}
