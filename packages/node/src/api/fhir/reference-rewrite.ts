/**
 * Rewrites the links between the entries of a transaction once their ids are known (FHIR R4 section 3.1.0.11.2): in
 * references, in elements of type uri, url, oid and uuid, and in `href` and `src` of the narrative. Elements of type
 * canonical stay. Which elements those are comes from the standard's definitions, so an `Identifier.value` that looks
 * like a link is left alone.
 */
import { elementsOf } from '../../vault/definitions/elements.ts'

/** Where the walk goes: `link` and `narrative` are texts, any other word is the name of a type to walk into. */
type Step = 'link' | 'reference' | 'narrative' | (string & {})

/** Gives the new text of a link, or undefined to leave it. */
export type Rewrite = (link: string) => string | undefined

const LINKS: ReadonlySet<string> = new Set(['uri', 'url', 'oid', 'uuid'])
const STEPS = new Map<string, ReadonlyMap<string, Step>>()
const NARRATIVE_LINK = /\b(href|src)=(["'])([^"']*)\2/g

/** Changes `resource` in place: `reference` answers for `Reference.reference`, `link` for everything else. */
export function rewriteLinks(resource: object, reference: Rewrite, link: Rewrite): void {
  const { resourceType } = resource as { resourceType?: unknown }
  if (typeof resourceType === 'string') walk(resource as Record<string, unknown>, resourceType, reference, link)
}

function walk(node: Record<string, unknown>, type: string, reference: Rewrite, link: Rewrite): void {
  const steps = stepsOf(type)
  for (const name in node) {
    const step = steps.get(name)
    if (step === undefined) continue
    const value = node[name]
    if (!Array.isArray(value)) {
      const changed = visit(value, step, reference, link)
      if (changed !== undefined) node[name] = changed
      continue
    }
    for (let i = 0; i < value.length; i++) {
      const changed = visit(value[i], step, reference, link)
      if (changed !== undefined) value[i] = changed
    }
  }
}

/** The new text when `value` is a text to change; walks into objects. */
function visit(value: unknown, step: Step, reference: Rewrite, link: Rewrite): string | undefined {
  if (typeof value === 'string') {
    if (step === 'reference') return reference(value)
    if (step === 'link') return link(value)
    return step === 'narrative' ? rewriteNarrative(value, link) : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (step === 'Resource') rewriteLinks(value, reference, link)
  else walk(value as Record<string, unknown>, step, reference, link)
  return undefined
}

function rewriteNarrative(div: string, link: Rewrite): string {
  return div.replace(NARRATIVE_LINK, (whole, attribute: string, quote: string, target: string) => {
    const changed = link(target)
    return changed === undefined ? whole : `${attribute}=${quote}${changed}${quote}`
  })
}

function stepsOf(type: string): ReadonlyMap<string, Step> {
  const cached = STEPS.get(type)
  if (cached) return cached
  const steps = new Map<string, Step>()
  for (const [name, element] of elementsOf(type) ?? []) {
    const step = stepInto(type, name, element.type)
    if (step !== undefined) steps.set(name, step)
  }
  STEPS.set(type, steps)
  return steps
}

function stepInto(owner: string, name: string, type: string): Step | undefined {
  if (owner === 'Reference' && name === 'reference') return 'reference'
  if (LINKS.has(type)) return 'link'
  if (type === 'xhtml') return 'narrative'
  return type === 'Resource' || elementsOf(type) !== undefined ? type : undefined
}
