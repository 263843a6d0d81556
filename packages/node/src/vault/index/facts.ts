/**
 * What a filter can ask of a resource (consent/filter.ts): every coding and local reference wherever they stand,
 * contained resources and extensions included; its labels, those of resources within it included; its
 * authors; its clinical date.
 *
 * Authors are references in these elements, at any depth: author, authorReference (annotations), recorder, asserter,
 * performer and performer.actor, requester, sender, informationSource, source, enterer, provider, attester.party and
 * legalAuthenticator, authenticator, collector, assessor, evaluator, operator, resultsInterpreter, onBehalfOf,
 * prescriber, custodian, participant.individual of an Encounter, agent.who of a Provenance or AuditEvent, and
 * signature.who.
 *
 * The clinical date is the first of the type's date elements below that is there; of a Condition, from onset to
 * abatement. Types without an entry have none.
 */
import type { Meta, Resource } from '@medplum/fhirtypes'
import type { Code, ResourceFacts } from '../../consent/filter.ts'
import { heldLabels } from '../../consent/labels.ts'
import { elementsOf, namesOf } from '../definitions/elements.ts'
import { type DateRange, elementDateRange } from './dates.ts'
import { parseLocalReference } from './references.ts'

const AUTHORS = new Set([
  'author',
  'authorReference',
  'recorder',
  'asserter',
  'performer',
  'requester',
  'sender',
  'informationSource',
  'source',
  'enterer',
  'provider',
  'legalAuthenticator',
  'authenticator',
  'collector',
  'assessor',
  'evaluator',
  'operator',
  'resultsInterpreter',
  'onBehalfOf',
  'prescriber',
  'custodian',
])
/** The same for references one level below: element, then the element of the reference. */
const NESTED_AUTHORS = new Set(['performer.actor', 'attester.party', 'agent.who', 'signature.who'])

const CLINICAL_DATES: Readonly<Record<string, readonly string[]>> = {
  Account: ['servicePeriod'],
  AdverseEvent: ['date', 'detected', 'recordedDate'],
  AllergyIntolerance: ['onset', 'recordedDate', 'lastOccurrence'],
  Appointment: ['start', 'created'],
  AppointmentResponse: ['start'],
  AuditEvent: ['period', 'recorded'],
  Basic: ['created'],
  CarePlan: ['period', 'created'],
  CareTeam: ['period'],
  ChargeItem: ['occurrence', 'enteredDate'],
  Claim: ['billablePeriod', 'created'],
  ClaimResponse: ['created'],
  ClinicalImpression: ['effective', 'date'],
  Communication: ['sent', 'received'],
  CommunicationRequest: ['occurrence', 'authoredOn'],
  Composition: ['date'],
  Condition: ['onset', 'recordedDate'],
  Consent: ['dateTime'],
  Contract: ['applies', 'issued'],
  Coverage: ['period'],
  CoverageEligibilityRequest: ['serviced', 'created'],
  CoverageEligibilityResponse: ['serviced', 'created'],
  DetectedIssue: ['identified'],
  DeviceRequest: ['occurrence', 'authoredOn'],
  DeviceUseStatement: ['timing', 'recordedOn'],
  DiagnosticReport: ['effective', 'issued'],
  DocumentManifest: ['created'],
  DocumentReference: ['date'],
  Encounter: ['period'],
  EpisodeOfCare: ['period'],
  ExplanationOfBenefit: ['billablePeriod', 'created'],
  FamilyMemberHistory: ['date'],
  Flag: ['period'],
  Goal: ['start', 'statusDate'],
  GuidanceResponse: ['occurrenceDateTime'],
  ImagingStudy: ['started'],
  Immunization: ['occurrence', 'recorded'],
  ImmunizationEvaluation: ['date'],
  ImmunizationRecommendation: ['date'],
  Invoice: ['date'],
  List: ['date'],
  MeasureReport: ['period', 'date'],
  Media: ['created', 'issued'],
  MedicationAdministration: ['effective'],
  MedicationDispense: ['whenHandedOver', 'whenPrepared'],
  MedicationRequest: ['authoredOn'],
  MedicationStatement: ['effective', 'dateAsserted'],
  NutritionOrder: ['dateTime'],
  Observation: ['effective', 'issued'],
  Procedure: ['performed'],
  Provenance: ['occurred', 'recorded'],
  QuestionnaireResponse: ['authored'],
  RequestGroup: ['authoredOn'],
  ResearchSubject: ['period'],
  RiskAssessment: ['occurrence'],
  Schedule: ['planningHorizon'],
  ServiceRequest: ['occurrence', 'authoredOn'],
  Specimen: ['receivedTime'],
  SupplyDelivery: ['occurrence'],
  SupplyRequest: ['occurrence', 'authoredOn'],
  Task: ['executionPeriod', 'authoredOn'],
  VisionPrescription: ['dateWritten', 'created'],
}

/** Codings as they stand, references as `Type/id`, and labels in canonical spelling, each once. */
export interface Mentions {
  readonly codings: ReadonlyMap<string, Code>
  readonly references: ReadonlySet<string>
  readonly authors: ReadonlySet<string>
  readonly labels: ReadonlyMap<string, Code>
}

/** What {@link mentionsOf} collects into while it walks. */
interface Collector {
  readonly base: string
  readonly codings: Map<string, Code>
  readonly references: Set<string>
  readonly authors: Set<string>
  readonly labels: Map<string, Code>
}

/** Every coding, local reference and security label in the resource. */
export function mentionsOf(resource: Resource, base: string): Mentions {
  const codings = new Map<string, Code>()
  const labels = new Map<string, Code>()
  const collector: Collector = { base, codings, references: new Set(), authors: new Set(), labels }
  collect(collector, resource as object, resource.resourceType, resource.resourceType, '')
  return collector
}

function collect(collector: Collector, value: object, type: string, root: string, owner: string): void {
  if (type === 'Coding') addCoding(collector, value as Code)
  else if (type === 'Meta') addLabels(collector, value as Meta)
  const elements = elementsOf(type)
  if (!elements) return
  for (const name in value) {
    const inner = (value as Record<string, unknown>)[name]
    if (typeof inner !== 'object' || inner === null) continue
    // `_name` holds the id and extensions of primitives.
    const element = name.startsWith('_') ? undefined : elements.get(name)
    const innerType = name.startsWith('_') ? 'Element' : element?.type
    if (innerType === undefined) continue
    for (const item of Array.isArray(inner) ? inner : [inner]) {
      if (typeof item !== 'object' || item === null) continue
      if (innerType === 'Reference') addReference(collector, item, root, owner, name)
      const itemType = innerType === 'Resource' ? String((item as { resourceType?: unknown }).resourceType) : innerType
      collect(collector, item, itemType, innerType === 'Resource' ? itemType : root, name)
    }
  }
}

function addCoding(collector: Collector, { system, code }: Code): void {
  if (typeof code !== 'string') return
  const key = codingKey(system, code)
  if (!collector.codings.has(key)) collector.codings.set(key, system === undefined ? { code } : { system, code })
}

function addLabels(collector: Collector, { security = [] }: Meta): void {
  for (const label of security.flatMap(heldLabels)) collector.labels.set(codingKey(label.system, label.code), label)
}

export function codingKey(system: string | null | undefined, code: string): string {
  return `${system ?? ''}|${code}`
}

function addReference(collector: Collector, item: object, root: string, owner: string, name: string): void {
  const literal = (item as { reference?: unknown }).reference
  if (typeof literal !== 'string') return
  const local = parseLocalReference(literal, collector.base)
  if (!local) return
  const reference = `${local.type}/${local.id}`
  collector.references.add(reference)
  if (isAuthor(root, owner, name)) collector.authors.add(reference)
}

function isAuthor(root: string, owner: string, name: string): boolean {
  if (AUTHORS.has(name) || NESTED_AUTHORS.has(`${owner}.${name}`)) return true
  return root === 'Encounter' && owner === 'participant' && name === 'individual'
}

/** The clinical date of a resource; null when it has none. */
export function clinicalRange(resource: Resource): DateRange | null {
  for (const name of CLINICAL_DATES[resource.resourceType] ?? []) {
    const range = elementRange(resource, name)
    if (!range) continue
    const abatement = resource.resourceType === 'Condition' ? elementRange(resource, 'abatement') : undefined
    return { startMs: range.startMs, endMs: Math.max(range.endMs, abatement?.endMs ?? range.endMs) }
  }
  return null
}

function elementRange(resource: Resource, name: string): DateRange | undefined {
  for (const [jsonName, info] of namesOf(resource.resourceType, name)) {
    const value = (resource as unknown as Record<string, unknown>)[jsonName]
    const range = value === undefined ? undefined : elementDateRange(value, info.type)
    if (range) return range
  }
  return undefined
}

/** All facts of a resource, for evaluating a filter in memory. */
export function factsOf(resource: Resource & { id: string }, base: string): ResourceFacts {
  const { codings, references, authors, labels } = mentionsOf(resource, base)
  return {
    type: resource.resourceType,
    id: resource.id,
    labels: [...labels.values()],
    codes: [...codings.values()],
    clinical: clinicalRange(resource),
    references: [...references],
    authors: [...authors],
  }
}
