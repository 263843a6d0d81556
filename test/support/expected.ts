/**
 * What a consent should cover, computed from the resources themselves and from docs/spec/consent.md, without any code
 * of the node.
 */
import type { Stored } from './fhir.ts'

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const RANKS = ['U', 'L', 'M', 'N', 'R', 'V']

/** The highest confidentiality of a resource: N without a label, R at least with a sensitivity. */
export function confidentialityOf(resource: Stored): string {
  const labels = resource.meta?.security ?? []
  const ranks = labels.flatMap(({ system, code }) => {
    if (system === CONFIDENTIALITY) return [RANKS.indexOf(code ?? '')]
    return system === ACT_CODE ? [RANKS.indexOf('R')] : []
  })
  const stated = labels.some(({ system }) => system === CONFIDENTIALITY)
  return RANKS[Math.max(...ranks, ...(stated ? [] : [RANKS.indexOf('N')]))] as string
}

/** The rule of `--type … --without-label R,V`. */
export function isNormalOfType(types: readonly string[]): (resource: Stored) => boolean {
  return (resource) => types.includes(resource.resourceType) && !['R', 'V'].includes(confidentialityOf(resource))
}

/** Every `Type/id` that stands in a `reference` anywhere in the resource. */
export function referencesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name !== 'reference' || typeof inner !== 'string') return referencesOf(inner)
    const local = /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/.*)?$/.exec(inner)
    return local ? [local[1] as string] : []
  })
}

/** The references to authors in the types of the synthetic records. */
export function authorsOf(resource: Stored): readonly string[] {
  const elements = ['author', 'recorder', 'asserter', 'requester', 'performer', 'resultsInterpreter', 'custodian']
  const record = resource as unknown as Readonly<Record<string, unknown>>
  const individuals = resource.resourceType === 'Encounter' ? (resource.participant ?? []).map((p) => p.individual) : []
  return referencesOf([...elements.map((name) => record[name]), ...individuals])
}

/** The time that an Observation or an Encounter is about, in milliseconds since 1970; null when it does not say. */
export function clinicalSpan(resource: Stored): { readonly startMs: number; readonly endMs: number } | null {
  if (resource.resourceType === 'Observation' && resource.effectiveDateTime !== undefined) {
    const startMs = Date.parse(resource.effectiveDateTime)
    return { startMs, endMs: startMs + 999 }
  }
  if (resource.resourceType !== 'Encounter' || resource.period?.start === undefined) return null
  const { start, end } = resource.period
  return { startMs: Date.parse(start), endMs: end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end) + 999 }
}
