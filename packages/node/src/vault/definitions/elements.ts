/** Elements of FHIR types under their JSON names (a choice `value[x]` stands once for each type), made on demand. */
import { type CodeList, definitions } from './definitions.ts'

export interface ElementInfo {
  /** The name in the definition; `value[x]` for all of `valueQuantity`, `valueString`, …. */
  readonly name: string
  /** A data type, a primitive, `Resource`, or a backbone element named by its path. */
  readonly type: string
  readonly list: boolean
  readonly required: boolean
  readonly summary: boolean
  /** Types that a Reference may lead to; undefined for any. */
  readonly targets: ReadonlySet<string> | undefined
  /** Codes of a required binding of a code, when they are listed. */
  readonly codes: CodeList | undefined
  /** The same of a Coding or CodeableConcept, whose codings carry their system. */
  readonly codings: CodeList | undefined
}

const SPELLING = /^([^*!^:]+)(\*?)(!?)(\^?)(?::(.+))?$/
const cache = new Map<string, ReadonlyMap<string, ElementInfo>>()

/** The elements of a complex type by JSON name; undefined for primitives and unknown types. */
export function elementsOf(type: string): ReadonlyMap<string, ElementInfo> | undefined {
  const known = cache.get(type)
  if (known) return known
  if (!Object.hasOwn(definitions.types, type)) return undefined
  const elements = new Map<string, ElementInfo>()
  for (const [name, spelling] of Object.entries(definitions.types[type] ?? {})) {
    const [, types = '', list, required, summary, codes] = SPELLING.exec(spelling) ?? []
    for (const choice of types.split('|')) {
      const [one = '', targets] = choice.split(/[()]/)
      const jsonName = name.endsWith('[x]') ? name.slice(0, -3) + one.charAt(0).toUpperCase() + one.slice(1) : name
      elements.set(jsonName, {
        name,
        type: one,
        list: list === '*',
        required: required === '!',
        summary: summary === '^',
        targets: targets === undefined ? undefined : new Set(targets.split(',')),
        codes: codes !== undefined && one === 'code' ? definitions.codes[codes] : undefined,
        codings: codes !== undefined && one !== 'code' ? definitions.codes[codes] : undefined,
      })
    }
  }
  cache.set(type, elements)
  return elements
}

/** The JSON names that an element of the definition may take, with their types: one, or one for each choice. */
export function namesOf(type: string, name: string): readonly (readonly [jsonName: string, info: ElementInfo])[] {
  const elements = elementsOf(type)
  const own = elements?.get(name)
  if (own) return [[name, own]]
  return [...(elements ?? [])].filter(([, info]) => info.name === `${name}[x]`)
}
