/**
 * Consent documents: FHIR R4 Consent in the shape of the IHE Privacy Consent on FHIR profiles, made from plain
 * choices, or taken as somebody wrote it.
 */
import type { Consent, ConsentProvision } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'

/** Marks a consent that speaks only of requests by one member; who does not understand it must not use the consent. */
export const RECIPIENT_EXTENSION = 'urn:salus:consent-recipient'

const CONSENT_SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope'
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType'
const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types'

/** What a patient chooses. `recipient` and `custodian` are `Organization/…`; no `types` means every type. */
export interface ConsentChoices {
  readonly patient: string
  readonly custodian: string
  readonly recipient: string
  readonly types: readonly string[]
  readonly purposes: readonly string[]
  readonly withoutLabels: readonly string[]
  readonly startMs: number
  readonly endMs: number | null
}

/** A Consent that permits exactly what was chosen. */
export function consentDocument(choices: ConsentChoices): Consent {
  return {
    resourceType: 'Consent',
    meta: { profile: ['https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentAdvanced'] },
    status: 'active',
    scope: { coding: [{ system: CONSENT_SCOPE, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: choices.patient },
    dateTime: new Date(choices.startMs).toISOString(),
    performer: [{ reference: choices.patient }],
    organization: [{ reference: choices.custodian }],
    policy: [{ uri: 'urn:salus:policy:deny-unless-permitted' }],
    provision: permission(choices),
  }
}

function permission(choices: ConsentChoices): ConsentProvision {
  const { types, purposes, withoutLabels, startMs, endMs } = choices
  return {
    type: 'permit',
    period: {
      start: new Date(startMs).toISOString(),
      ...(endMs === null ? {} : { end: new Date(endMs).toISOString() }),
    },
    actor: [
      {
        role: { coding: [{ system: PARTICIPATION, code: 'IRCP' }] },
        reference: { reference: choices.recipient },
      },
    ],
    ...(purposes.length > 0 ? { purpose: purposes.map(purposeCoding) } : {}),
    ...(types.length > 0 ? { class: types.map((code) => ({ system: RESOURCE_TYPES, code })) } : {}),
    ...(withoutLabels.length > 0
      ? {
          provision: [
            { type: 'deny' as const, securityLabel: withoutLabels.map((code) => ({ system: CONFIDENTIALITY, code })) },
          ],
        }
      : {}),
  }
}

function purposeCoding(purpose: string): { system: string; code: string } {
  const bar = purpose.indexOf('|')
  return bar < 0
    ? { system: ACT_REASON, code: purpose }
    : { system: purpose.slice(0, bar), code: purpose.slice(bar + 1) }
}

/**
 * A Consent as written elsewhere; with `recipient` it speaks of requests by that member only.
 * @throws SalusError `consent-malformed`
 */
export function writtenConsent(text: string, recipient: string | undefined): Consent {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new SalusError('consent-malformed', 'the consent is not JSON', {}, cause)
  }
  if (typeof parsed !== 'object' || parsed === null || (parsed as Consent).resourceType !== 'Consent') {
    throw new SalusError('consent-malformed', 'the file is not a FHIR Consent')
  }
  const consent = parsed as Consent
  if (recipient === undefined) return consent
  const narrowing = { url: RECIPIENT_EXTENSION, valueReference: { reference: recipient } }
  return { ...consent, modifierExtension: [...(consent.modifierExtension ?? []), narrowing] }
}

/** When the consent ends by its own words, in milliseconds since 1970, or null. */
export function consentEnd(consent: Consent): number | null {
  const end = consent.provision?.period?.end
  if (end === undefined) return null
  // A day, month or year ends when the next one begins (FHIR R4 Period).
  const timeMs = end.length > 10 ? Date.parse(end) : endOfDate(end)
  if (Number.isNaN(timeMs)) throw new SalusError('consent-malformed', 'the end of the consent is no date')
  return timeMs
}

function endOfDate(date: string): number {
  const [year = '', month, day] = date.split('-')
  if (month === undefined) return Date.UTC(Number(year) + 1, 0, 1)
  if (day === undefined) return Date.UTC(Number(year), Number(month), 1)
  return Date.UTC(Number(year), Number(month) - 1, Number(day) + 1)
}
