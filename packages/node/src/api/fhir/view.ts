/**
 * How much of a resource a reply shows: `_summary` and `_elements` (FHIR R4 sections 3.1.1.5.8 and 3.1.1.5.9). A
 * resource that is shown whole is passed on byte for byte, because its bytes are what was committed.
 */
import { SalusError } from '@salus/core'
import { REQUEST_BYTES_MAX } from '../../limits.ts'
import { elementsOf } from '../../vault/definitions/elements.ts'
import { parseFhirJson, writeFhirJson } from '../../vault/fhir-json.ts'

const SUMMARIES = ['true', 'text', 'data', 'count', 'false'] as const
type Summary = (typeof SUMMARIES)[number]

export interface View {
  readonly summary: Summary
  /** Top-level elements asked for; empty for all. */
  readonly elements: readonly string[]
}

/** The view that shows everything, as it was stored. */
export const WHOLE: View = { summary: 'false', elements: [] }

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }

/** The view that the query of a read asks for. @throws SalusError `query-summary-unknown` */
export function parseView(parameters: URLSearchParams): View {
  const summary = parameters.get('_summary') ?? 'false'
  if (!isSummary(summary)) throw new SalusError('query-summary-unknown', `_summary is one of ${SUMMARIES.join(', ')}`)
  const elements = parameters.getAll('_elements').flatMap((value) => value.split(','))
  return { summary, elements: elements.map((name) => name.trim()).filter((name) => name !== '') }
}

function isSummary(text: string): text is Summary {
  return (SUMMARIES as readonly string[]).includes(text)
}

/** The text of a resource under a view. */
export function showResource(text: string, view: View): string {
  if (view.summary === 'false' && view.elements.length === 0) return text
  if (view.summary === 'count') return text
  const parsed = parseFhirJson(text, REQUEST_BYTES_MAX)
  const resource = parsed.resource as Record<string, unknown> & { resourceType: string }
  const keep = keptElements(resource.resourceType, view)
  for (const name of Object.keys(resource)) {
    // `_birthDate` carries the extensions of `birthDate`.
    if (!keep(name.startsWith('_') ? name.slice(1) : name)) delete resource[name]
  }
  resource.meta = markSubsetted(resource.meta)
  return writeFhirJson(resource, parsed.spellings)
}

const ALWAYS: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta'])

function keptElements(type: string, view: View): (name: string) => boolean {
  const elements = elementsOf(type)
  const asked = new Set(view.elements.map((path) => baseElement(path, type)))
  return (name) => {
    const element = elements?.get(name)
    if (ALWAYS.has(name) || element?.required) return true
    if (asked.size > 0) return asked.has(name) || (element !== undefined && asked.has(element.name.replace('[x]', '')))
    if (view.summary === 'true') return element?.summary === true
    return (name === 'text') === (view.summary === 'text')
  }
}

/** `Patient.name.family` and `name.family` both ask for the base element `name`. */
function baseElement(path: string, type: string): string {
  const segments = path.split('.')
  return (segments[0] === type ? segments[1] : segments[0]) ?? ''
}

function markSubsetted(meta: unknown): Record<string, unknown> {
  const base = typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : {}
  const tags: unknown[] = Array.isArray(base.tag) ? base.tag : []
  return { ...base, tag: [...tags, SUBSETTED] }
}
