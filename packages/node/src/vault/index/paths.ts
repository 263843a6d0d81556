/**
 * The FHIRPath of the standard's SearchParameters, compiled. Their expressions use little of the language: paths,
 * unions, `ofType`, `where(x='y')`, `where(resolve() is X)`, `[n]` and one `exists() and … != false`; so each union
 * member becomes a chain of element names that is walked without an interpreter, with the FHIR type of what it finds
 * known beforehand. A test compiles every definition and compares results with a FHIRPath library.
 *
 * The index is kept by path, not by parameter: `code` and `combo-code` share the rows of `Observation.code`, and
 * `patient` is `subject` with a type of target.
 */
import { SalusError } from '@salus/core'
import { type ElementInfo, namesOf } from '../definitions/elements.ts'

/** Calls `visit` for each value that the path finds; `place` numbers the repetition of the path's first element. */
export type Visit = (value: unknown, type: string, place: number) => void
type Walk = (value: unknown, place: number, visit: Visit) => void

export interface IndexPath {
  /** The expression without parentheses and without a type of target, e.g. `Observation.subject`. */
  readonly text: string
  /** The number that stands for the path in the index: a hash of the text, so that it never changes. */
  readonly id: number
  /** What the path ends in: one element, or one for each type of a choice. */
  readonly leaves: readonly ElementInfo[]
  readonly visit: (resource: object, visit: Visit) => void
}

/** One member of a union. `target` restricts references to one type of resource. */
export interface PathUse {
  readonly path: IndexPath
  readonly target: string | null
}

type Step =
  | { readonly kind: 'child'; readonly name: string; readonly at: number | null }
  | { readonly kind: 'ofType'; readonly type: string }
  | { readonly kind: 'where'; readonly name: string; readonly value: string }

const STEP = /\.(?:ofType\((\w+)\)|where\((\w+)='([^']*)'\)|where\(resolve\(\) is (\w+)\)|(\w+)(?:\[(\d+)\])?)(?=\.|$)/y
const PRESENCE = /^(\w+)\.(\w+)\.exists\(\) and \1\.\2 != false$/

/** 31-bit FNV-1a of a path's text. A test checks that no two paths of the standard share a number. */
export function pathId(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 1
}

/** The members of a union that apply to resources of `type`. */
export function pathUses(expression: string, type: string): PathUse[] {
  const uses: PathUse[] = []
  for (const member of expression.split(' | ')) {
    const bare = member.replace(/^\((.*)\)(\.\w+)?$/, '$1$2').trim()
    // One parameter of the standard (InsurancePlan name) leaves its type out.
    const text = /^[A-Z]/.test(bare) ? bare : `${type}.${bare}`
    const root = /^\w+/.exec(text)?.[0]
    if (root === type || root === 'Resource' || root === 'DomainResource') uses.push(compileUse(text, type))
  }
  return uses
}

const compiled = new Map<string, PathUse>()

function compileUse(text: string, type: string): PathUse {
  const key = `${type} ${text}`
  let use = compiled.get(key)
  if (!use) {
    use = PRESENCE.test(text) ? compilePresence(text, type) : compilePath(text, type)
    compiled.set(key, use)
  }
  return use
}

function compilePresence(text: string, type: string): PathUse {
  const name = PRESENCE.exec(text)?.[2] as string
  const names = namesOf(type, name).map(([jsonName]) => jsonName)
  const visitor: IndexPath['visit'] = (resource, visit) => {
    const record = resource as Record<string, unknown>
    visit(
      names.some((one) => record[one] !== undefined && record[one] !== false),
      'boolean',
      0,
    )
  }
  return { path: { text, id: pathId(text), leaves: [], visit: visitor }, target: null }
}

function compilePath(text: string, type: string): PathUse {
  const steps: Step[] = []
  let target: string | null = null
  STEP.lastIndex = text.indexOf('.')
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (!match) throw new SalusError('fhirpath-unsupported', 'a search parameter has an unknown expression', { text })
    const [, ofType, whereName, whereValue, resolved, name, at] = match
    if (ofType !== undefined) steps.push({ kind: 'ofType', type: ofType })
    else if (whereName !== undefined) steps.push({ kind: 'where', name: whereName, value: whereValue as string })
    else if (resolved !== undefined) target = resolved
    else steps.push({ kind: 'child', name: name as string, at: at === undefined ? null : Number(at) })
  }
  const plain = text.replace(/\.where\(resolve\(\) is \w+\)$/, '')
  const leaves: ElementInfo[] = []
  const walk = compileSteps(type, steps, 0, undefined, leaves)
  const visitor: IndexPath['visit'] = (resource, visit) => walk(resource, 0, visit)
  return { path: { text: plain, id: pathId(plain), leaves, visit: visitor }, target }
}

function compileSteps(
  type: string,
  steps: readonly Step[],
  from: number,
  element: ElementInfo | undefined,
  leaves: ElementInfo[],
): Walk {
  const step = steps[from]
  if (!step) {
    if (element) leaves.push(element)
    return (value, place, visit) => visit(value, type, place)
  }
  if (step.kind === 'where') {
    const next = compileSteps(type, steps, from + 1, element, leaves)
    return (value, place, visit) => {
      if ((value as Record<string, unknown>)[step.name] === step.value) next(value, place, visit)
    }
  }
  if (step.kind === 'ofType') {
    // One composite of the standard spells dateTime as DateTime.
    if (step.type.toLowerCase() !== type.toLowerCase()) return () => {}
    return compileSteps(type, steps, from + 1, element, leaves)
  }
  const names = namesOf(type, step.name)
  if (names.length === 0) throw new SalusError('fhirpath-unsupported', 'no such element', { type, name: step.name })
  const walks = names.map(([name, info]) =>
    child(name, step.at, from === 0, compileSteps(info.type, steps, from + 1, info, leaves)),
  )
  const [only] = walks
  if (only && walks.length === 1) return only
  return (value, place, visit) => {
    for (const walk of walks) walk(value, place, visit)
  }
}

function child(name: string, at: number | null, first: boolean, next: Walk): Walk {
  return (value, place, visit) => {
    const found = (value as Record<string, unknown>)[name]
    if (found === undefined || found === null) return
    if (!Array.isArray(found)) {
      next(found, place, visit)
      return
    }
    if (at !== null) {
      if (found[at]) next(found[at], place, visit)
      return
    }
    for (let i = 0; i < found.length; i++) {
      if (found[i] !== null) next(found[i], first ? i : place, visit)
    }
  }
}
