/**
 * The structure of incoming resources against the standard's own StructureDefinitions: known elements, JSON types,
 * cardinality, choices, formats of primitives, codes of required bindings, types of targets of relative references, contained
 * resources, narratives, and the invariants of invariants.ts. Profiles are not checked, nor that a code of a required
 * binding is of a value set that R4 does not list.
 */
import type { Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { RESOURCE_DEPTH_MAX } from '../limits.ts'
import { isResourceType } from './definitions/definitions.ts'
import { type ElementInfo, elementsOf } from './definitions/elements.ts'
import { brokenInvariant } from './invariants.ts'
import { narrativeFault } from './narrative.ts'
import { PRIMITIVES } from './primitives.ts'

/** `path` is a FHIRPath location (`Patient.name[0].given`), `code` one of FHIR's issue types, `rule` an invariant. */
export interface ValidationIssue {
  readonly path: string
  readonly code: 'structure' | 'required' | 'value' | 'code-invalid' | 'too-long' | 'invariant'
  readonly rule?: string
}

/** A relative reference, with the type of its target. */
const RELATIVE = /^([A-Z][A-Za-z]*)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/

/** Issues reported at most; the walk ends there. */
const ISSUES_MAX = 50

interface RequiredElement {
  readonly name: string
  /** Its JSON names: one, or one for each type of a choice. */
  readonly jsonNames: readonly string[]
}

const requiredByType = new Map<string, readonly RequiredElement[]>()
const codeSets = new WeakMap<object, ReadonlySet<string>>()

function requiredOf(type: string, elements: ReadonlyMap<string, ElementInfo>): readonly RequiredElement[] {
  let required = requiredByType.get(type)
  if (!required) {
    const names = new Map<string, string[]>()
    for (const [jsonName, info] of elements) {
      if (info.required) names.set(info.name, [...(names.get(info.name) ?? []), jsonName])
    }
    required = [...names].map(([name, jsonNames]) => ({ name: name.replace('[x]', ''), jsonNames }))
    requiredByType.set(type, required)
  }
  return required
}

/**
 * The value as a resource.
 * @throws SalusError `resource-invalid` with `details.issues`, a list of {@link ValidationIssue}
 */
export function validateResource(value: unknown): Resource {
  const validation = new Validation()
  validation.resource(value)
  if (validation.issues.length === 0) return value as Resource
  throw new SalusError('resource-invalid', 'the resource does not have the structure that FHIR R4 gives it', {
    issues: validation.issues,
  })
}

type Json = Readonly<Record<string, unknown>>

/** A resource with those that it contains, and what refers from one to another of them. */
interface Container {
  readonly contained: ReadonlyMap<string, string>
  /** Ids that something refers to, as `#id`. */
  readonly used: Set<string>
  /** Ids of contained resources that refer to the container, as `#`. */
  readonly referring: Set<string>
}

class Validation {
  readonly issues: ValidationIssue[] = []
  /** Elements met that have extensions in place of a value, which invariants would take for absent. */
  private companions = 0
  private container: Container | undefined
  /** Id of the contained resource that the value in hand is in. */
  private within: string | undefined
  /** Names and positions on the way to the value in hand. */
  private readonly path: (string | number)[] = []

  private report(code: ValidationIssue['code'], name?: string, rule?: string): void {
    if (this.issues.length >= ISSUES_MAX) return
    const steps = name === undefined ? this.path : [...this.path, name]
    const path = steps.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    this.issues.push({ path: path.join(''), code, ...(rule === undefined ? {} : { rule }) })
  }

  resource(value: unknown, isContained = false): void {
    const type = isObject(value) ? value.resourceType : undefined
    const root = this.path.length === 0
    if (typeof type !== 'string' || !isResourceType(type)) {
      if (root) this.path.push('Resource')
      this.report('structure', 'resourceType')
      return
    }
    if (root) this.path.push(type)
    const record = value as Json
    if (record.id !== undefined && !(PRIMITIVES.get('id') as (id: unknown) => boolean)(record.id)) {
      this.report('value', 'id')
    }
    if (isContained) this.contained(record, type)
    else this.containing(record, type)
  }

  private containing(record: Json, type: string): void {
    const { container, within } = this
    this.within = undefined
    this.container = { contained: containedOf(record), used: new Set(), referring: new Set() }
    this.complex(record, type, true)
    const { contained, used, referring } = this.container
    for (const id of contained.keys()) {
      if (!used.has(id) && !referring.has(id)) this.report('invariant', 'contained', 'dom-3')
    }
    this.container = container
    this.within = within
  }

  private contained(record: Json, type: string): void {
    if (record.contained !== undefined) this.report('invariant', undefined, 'dom-2')
    const meta = isObject(record.meta) ? record.meta : {}
    if (meta.versionId !== undefined || meta.lastUpdated !== undefined) this.report('invariant', 'meta', 'dom-4')
    if (meta.security !== undefined) this.report('invariant', 'meta', 'dom-5')
    const { within } = this
    this.within = typeof record.id === 'string' ? record.id : ''
    this.complex(record, type, true)
    this.within = within
  }

  private complex(record: Json, type: string, isResource: boolean): void {
    const elements = elementsOf(type)
    if (!elements || this.path.length > 2 * RESOURCE_DEPTH_MAX) {
      this.report('structure')
      return
    }
    const { companions } = this
    const found = this.issues.length
    let count = 0
    let choices: Map<string, string> | undefined
    for (const name in record) {
      count++
      if (isResource && name === 'resourceType') continue
      const own = name.startsWith('_') ? name.slice(1) : name
      const element = elements.get(own)
      if (!element) {
        this.report('structure', name)
        continue
      }
      if (own !== name) this.companion(record, name, own, element)
      else this.element(record, name, element)
      if (element.name.endsWith('[x]')) {
        // One type of a choice may be there, beside its companion.
        choices ??= new Map()
        const other = choices.get(element.name)
        if (other !== undefined && other !== own) this.report('structure', name)
        choices.set(element.name, own)
      }
    }
    if (count === 0) this.report('structure')
    for (const { name, jsonNames } of requiredOf(type, elements)) {
      if (!jsonNames.some((one) => record[one] !== undefined || record[`_${one}`] !== undefined)) {
        this.report('required', name)
      }
    }
    if (this.issues.length !== found || this.companions !== companions) return
    const broken = brokenInvariant(type, record)
    if (broken !== undefined) this.report('invariant', undefined, broken)
  }

  private element(record: Json, name: string, element: ElementInfo): void {
    const value = record[name]
    if (Array.isArray(value) !== element.list || (Array.isArray(value) && value.length === 0)) {
      this.report('structure', name)
      return
    }
    this.path.push(name)
    if (Array.isArray(value)) this.items(value, record[`_${name}`], element)
    else this.one(value, element)
    this.path.pop()
  }

  /** A null stands for an item that has nothing but extensions, which its companion holds. */
  private items(value: readonly unknown[], companions: unknown, element: ElementInfo): void {
    for (let at = 0; at < value.length; at++) {
      this.path.push(at)
      const gap = value[at] === null && Array.isArray(companions) && isObject(companions[at])
      if (!gap) this.one(value[at], element)
      this.path.pop()
    }
  }

  private one(value: unknown, element: ElementInfo): void {
    const primitive = PRIMITIVES.get(element.type)
    if (primitive) {
      if (!primitive(value)) this.report(typeof value === 'object' ? 'structure' : 'value')
      else if (element.type === 'xhtml') this.narrative(value as string)
      else if (element.codes && !codeSet(element.codes).has(value as string)) this.report('code-invalid')
      else if (CANONICALS.has(element.type)) this.fragment(value as string)
    } else if (element.type === 'Resource') {
      this.resource(value, element.name === 'contained')
    } else if (isObject(value)) {
      this.complex(value, element.type, false)
      if (element.type === 'Reference') this.target(value, element.targets)
      if (element.codings && !isOneOf(value, element.codings)) this.report('code-invalid')
    } else {
      this.report('structure')
    }
  }

  private narrative(text: string): void {
    const fault = narrativeFault(text)
    if (fault === 'malformed') this.report('structure')
    else if (fault !== null) this.report('invariant', undefined, fault)
  }

  private target({ reference, type: stated }: Json, targets: ReadonlySet<string> | undefined): void {
    if (typeof stated === 'string' && isResourceType(stated) && targets?.has(stated) === false) {
      this.report('value', 'type')
    }
    if (typeof reference !== 'string') return
    const isLocal = reference.startsWith('#')
    const type = isLocal ? this.container?.contained.get(reference.slice(1)) : RELATIVE.exec(reference)?.[1]
    if (isLocal && !this.fragment(reference)) this.report('invariant', undefined, 'ref-1')
    if (type !== undefined && targets?.has(type) === false) this.report('value', 'reference')
  }

  /** Notes what a fragment refers to; false when there is no such contained resource. */
  private fragment(reference: string): boolean {
    if (!reference.startsWith('#') || !this.container) return true
    if (reference === '#') {
      if (this.within !== undefined) this.container.referring.add(this.within)
      return this.within !== undefined
    }
    const id = reference.slice(1)
    this.container.used.add(id)
    return this.container.contained.has(id)
  }

  /** `_name`: id and extensions of a primitive, for lists one for each item or null. */
  private companion(record: Json, name: string, own: string, element: ElementInfo): void {
    const value = record[name]
    if (!PRIMITIVES.has(element.type) || Array.isArray(value) !== element.list) {
      this.report('structure', name)
      return
    }
    this.companions++
    this.path.push(name)
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    const primary = record[own]
    if (Array.isArray(primary) && primary.length !== values.length) this.report('structure')
    for (const one of values) {
      if (isObject(one)) this.complex(one, 'Element', false)
      else if (!(element.list && one === null)) this.report('structure')
    }
    this.path.pop()
  }
}

/** Types of primitives that may refer to a contained resource. */
const CANONICALS: ReadonlySet<string> = new Set(['canonical', 'uri', 'url'])

/** Ids and types of the resources that this one contains. */
function containedOf({ contained }: Json): ReadonlyMap<string, string> {
  const items: readonly unknown[] = Array.isArray(contained) ? contained : []
  return new Map(
    items.flatMap((item) =>
      isObject(item) && typeof item.id === 'string' ? [[item.id, String(item.resourceType)] as const] : [],
    ),
  )
}

/** A Coding, or one of a concept's, is in the list; a concept may say by an extension why it has none. */
function isOneOf(value: Json, list: NonNullable<ElementInfo['codings']>): boolean {
  const codings = Array.isArray(value.coding) ? value.coding : [value]
  const codes = codeSet(list)
  const isListed = (coding: unknown): boolean =>
    isObject(coding) && codes.has(coding.code as string) && (list.system === '' || coding.system === list.system)
  return codings.some(isListed) || value.extension !== undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function codeSet(list: NonNullable<ElementInfo['codes']>): ReadonlySet<string> {
  let codes = codeSets.get(list)
  if (!codes) {
    codes = new Set(list.codes)
    codeSets.set(list, codes)
  }
  return codes
}
