/**
 * A FHIR R4 Consent as a policy: parsed, bounded, and refused whenever it may mean something that is not understood
 * here. Follows the IHE Privacy Consent on FHIR profiles (PCF 1.1, volume 3 section 5.8) and takes the elements of
 * R4 that PCF leaves out: nested exceptions, action, class and code. What a policy means: compile.ts and
 * docs/spec/consent.md.
 */
import { SalusError, utf8 } from '@salus/core'
import { CONSENT_BYTES_MAX, PROVISION_DEPTH_MAX, PROVISIONS_MAX } from '../limits.ts'
import { PURPOSE_PARENTS, RESOURCE_TYPES } from './codes.ts'
import {
  type CodeableConcept,
  type Coding,
  ConsentDocument,
  type Extension,
  type Period,
  ProvisionElement,
  type Reference,
} from './consent-document.ts'
import { dateTimeSpan, type Span } from './fhir-time.ts'
import type { Code } from './filter.ts'
import { CONFIDENTIALITIES, CONFIDENTIALITY_SYSTEM, canonicalLabel, canonicalSystem } from './labels.ts'
import { PURPOSE_SYSTEM } from './request.ts'

/** Both ends inclusive, in milliseconds since 1970, null for open. */
export interface OpenSpan {
  readonly startMs: number | null
  readonly endMs: number | null
}

/** Whom a rule speaks of; `nobody` stands for an actor who can make no request here, such as a device. */
export type Actor =
  | { readonly kind: 'member'; readonly member: string }
  | { readonly kind: 'practitioner'; readonly reference: string }
  | { readonly kind: 'nobody' }

/** What `class` names: a resource type, any resource, or a kind of document. */
export type ContentClass =
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'document'; readonly code: Code }

type Meaning = 'instance' | 'related' | 'dependents' | 'authoredby'

/** One provision as written. An empty list or a null says nothing. `type` is null at the root alone. */
export interface Provision {
  readonly type: 'permit' | 'deny' | null
  readonly period: OpenSpan | null
  readonly actors: readonly Actor[]
  readonly actions: readonly string[]
  readonly labels: readonly Code[]
  readonly purposes: readonly Required<Code>[]
  readonly classes: readonly ContentClass[]
  readonly codes: readonly Code[]
  readonly dataPeriod: OpenSpan | null
  readonly data: readonly { readonly meaning: Meaning; readonly reference: string }[]
  readonly exceptions: readonly Provision[]
}

/**
 * `patient` is a Patient id. `custodians` are the members that the document names as its managers; `recipients`
 * narrow all of it to requests of these members, null when nothing narrows it.
 */
export interface Policy {
  readonly patient: string
  readonly custodians: readonly string[]
  readonly recipients: readonly string[] | null
  readonly provision: Provision
}

/** A modifier extension of Consent: the policy speaks only of requests of the member it refers to. */
export const RECIPIENT_EXTENSION = 'urn:salus:consent-recipient'

const CONSENT_SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope'
const CONSENT_ACTION = 'http://terminology.hl7.org/CodeSystem/consentaction'
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType'
const RESOURCE_TYPE_SYSTEM = 'http://hl7.org/fhir/resource-types'
const STRUCTURE = 'http://hl7.org/fhir/StructureDefinition/'
const ACTIONS: ReadonlySet<string> = new Set(['collect', 'access', 'use', 'disclose', 'correct'])
/** Information recipient and its kinds. */
const RECIPIENT_ROLES: ReadonlySet<string> = new Set(['IRCP', 'NOT', 'PRCP', 'REFB', 'REFT', 'TRC'])
const TYPES: ReadonlySet<string> = new Set(RESOURCE_TYPES)
const LOCAL_REFERENCE = /(?:^|\/)([A-Z][A-Za-z]{1,63}\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/
const MEMBER_ID = /^[0-9a-f]{32}$/

/**
 * Parses the text of a Consent.
 * @throws SalusError `consent-too-large`, `consent-malformed`, `consent-not-active`, `consent-not-privacy`,
 *   `consent-not-understood`
 */
export function parsePolicy(text: string): Policy {
  if (utf8(text).length > CONSENT_BYTES_MAX) {
    throw new SalusError('consent-too-large', 'the consent document is too long', { CONSENT_BYTES_MAX })
  }
  const document = parseDocument(text)
  if (document.status !== 'active')
    throw new SalusError('consent-not-active', 'the status of the consent is not active')
  if (!hasCoding(document.scope, CONSENT_SCOPE, 'patient-privacy')) {
    throw new SalusError('consent-not-privacy', 'the scope of the consent is not patient-privacy')
  }
  if (document.implicitRules !== undefined) throw notUnderstood('implicitRules')
  const patient = localReference(document.patient, 'patient')
  if (!patient.startsWith('Patient/')) throw notUnderstood('patient')
  const provision = readProvision(document.provision, 'provision', 1, { left: PROVISIONS_MAX })
  // OPTIN and OPTOUT say what holds beside the exceptions; only a root of a type of its own is as plain.
  if (provision.type === null && document.policyRule !== undefined) throw notUnderstood('policyRule')
  return {
    patient: patient.slice('Patient/'.length),
    custodians: (document.organization ?? []).flatMap((reference) => memberOf(reference) ?? []),
    recipients: readRecipients(document.modifierExtension ?? []),
    provision,
  }
}

function parseDocument(text: string): ConsentDocument {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SalusError('consent-malformed', 'the consent document is not JSON', {}, cause)
  }
  return parseElement(ConsentDocument, value, 'Consent')
}

/** The schema's complaint names elements and no values: a field that it does not know may change the meaning. */
function parseElement<T>(schema: { safeParse(value: unknown): SafeResult<T> }, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const at = [path, ...(issue?.path ?? [])].join('.').slice(0, 200)
  if (issue?.code === 'unrecognized_keys') throw notUnderstood(at)
  throw new SalusError('consent-malformed', 'the consent document is not a FHIR R4 Consent', { path: at })
}

type SafeResult<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false
      readonly error: { readonly issues: readonly { readonly code?: string; readonly path: readonly PropertyKey[] }[] }
    }

function notUnderstood(path: string): SalusError {
  return new SalusError('consent-not-understood', 'the consent says something that this node cannot enforce', { path })
}

/** Counts down over the whole document, so that wide and deep documents are bounded alike. */
interface Budget {
  left: number
}

function readProvision(value: unknown, path: string, depth: number, budget: Budget): Provision {
  if (depth > PROVISION_DEPTH_MAX || budget.left-- <= 0) {
    throw new SalusError('consent-too-large', 'the consent has too many provisions', {
      PROVISION_DEPTH_MAX,
      PROVISIONS_MAX,
    })
  }
  const element = parseElement(ProvisionElement, value, path)
  if (element.type === undefined && depth > 1) throw notUnderstood(`${path}.type`)
  const actors = (element.actor ?? []).map((actor) => readActor(actor.role, actor.reference, `${path}.actor`))
  // A denial of somebody whom no request can be told from would silently deny nothing.
  if (element.type === 'deny' && actors.some(({ kind }) => kind === 'nobody')) throw notUnderstood(`${path}.actor`)
  return {
    type: element.type ?? null,
    period: readPeriod(element.period, `${path}.period`),
    actors,
    actions: (element.action ?? []).flatMap((action) => readAction(action, `${path}.action`)),
    labels: (element.securityLabel ?? []).map((label) => readLabel(label, `${path}.securityLabel`)),
    purposes: (element.purpose ?? []).map((purpose) => readPurpose(purpose, `${path}.purpose`)),
    classes: (element.class ?? []).map((coding) => readClass(coding, `${path}.class`)),
    codes: (element.code ?? []).flatMap((concept) => codings(concept, `${path}.code`).map(codeOf)),
    dataPeriod: readPeriod(element.dataPeriod, `${path}.dataPeriod`),
    data: (element.data ?? []).map(({ meaning, reference }) => ({
      meaning,
      reference: localReference(reference, `${path}.data`),
    })),
    exceptions: (element.provision ?? []).map((nested, i) =>
      readProvision(nested, `${path}.provision[${i}]`, depth + 1, budget),
    ),
  }
}

function readPeriod(period: Period | undefined, path: string): OpenSpan | null {
  if (period === undefined) return null
  const start = period.start === undefined ? null : readTime(period.start, path)
  const end = period.end === undefined ? null : readTime(period.end, path)
  return { startMs: start?.startMs ?? null, endMs: end?.endMs ?? null }
}

function readTime(text: string, path: string): Span {
  const span = dateTimeSpan(text)
  if (!span) throw new SalusError('consent-malformed', 'a period of the consent is not of dates', { path })
  return span
}

function readActor(role: CodeableConcept | undefined, reference: Reference, path: string): Actor {
  const recipient = role === undefined || [...RECIPIENT_ROLES].some((code) => hasCoding(role, PARTICIPATION, code))
  if (!recipient) throw notUnderstood(`${path}.role`)
  const member = memberOf(reference)
  if (member !== undefined) return { kind: 'member', member }
  const local = LOCAL_REFERENCE.exec(reference.reference ?? '')?.[1]
  return local?.startsWith('Practitioner/') ? { kind: 'practitioner', reference: local } : { kind: 'nobody' }
}

function readAction(action: CodeableConcept, path: string): readonly string[] {
  return codings(action, path).map(({ system, code }) => {
    if ((system !== undefined && system !== CONSENT_ACTION) || !ACTIONS.has(code)) throw notUnderstood(path)
    return code
  })
}

/** Confidentiality codes form one scale: a denial of a code that is not on it would silently deny nothing. */
function readLabel(coding: Coding, path: string): Code {
  const label = canonicalLabel(codeOf(coding))
  if (label.system === CONFIDENTIALITY_SYSTEM && !CONFIDENTIALITIES.includes(label.code)) throw notUnderstood(path)
  return label
}

/** A code under the system of purposes that R4 does not have there would silently permit or deny nothing. */
function readPurpose({ system, code }: Coding, path: string): Required<Code> {
  const purpose = { system: system === undefined ? PURPOSE_SYSTEM : canonicalSystem(system), code }
  const isKnown = code === 'PurposeOfUse' || Object.hasOwn(PURPOSE_PARENTS, code)
  if (purpose.system === PURPOSE_SYSTEM && !isKnown) throw notUnderstood(path)
  return purpose
}

/** A resource type, the profile that R4 itself has of one, or a document type of another code system. */
function readClass({ system, code }: Coding, path: string): ContentClass {
  const type = code.startsWith(STRUCTURE) ? code.slice(STRUCTURE.length) : code
  const namesType = system === undefined || system === RESOURCE_TYPE_SYSTEM || type !== code
  if (namesType && (type === 'Resource' || type === 'DomainResource')) return { kind: 'any' }
  if (namesType && TYPES.has(type)) return { kind: 'type', type }
  if (namesType || /^https?:/.test(code)) throw notUnderstood(path)
  return { kind: 'document', code: { system: system as string, code } }
}

function readRecipients(extensions: readonly Extension[]): readonly string[] | null {
  if (extensions.length === 0) return null
  return extensions.map(({ url, valueReference }) => {
    const member = url === RECIPIENT_EXTENSION && valueReference ? memberOf(valueReference) : undefined
    if (member === undefined) throw notUnderstood('modifierExtension')
    return member
  })
}

function codings(concept: CodeableConcept, path: string): readonly Coding[] {
  if (!concept.coding || concept.coding.length === 0) throw notUnderstood(path)
  return concept.coding
}

function codeOf({ system, code }: Coding): Code {
  return system === undefined ? { code } : { system, code }
}

function hasCoding(concept: CodeableConcept, system: string, code: string): boolean {
  return (concept.coding ?? []).some((coding) => coding.system === system && coding.code === code)
}

/** `Type/id` of a relative or absolute reference, without the version. */
function localReference({ reference }: Reference, path: string): string {
  const local = LOCAL_REFERENCE.exec(reference ?? '')?.[1]
  if (local === undefined) throw notUnderstood(path)
  return local
}

/** The member of `Organization/<member id>`, or undefined. */
function memberOf({ reference }: Reference): string | undefined {
  const local = LOCAL_REFERENCE.exec(reference ?? '')?.[1]
  const id = local?.startsWith('Organization/') ? local.slice('Organization/'.length) : ''
  return MEMBER_ID.test(id) ? id : undefined
}
