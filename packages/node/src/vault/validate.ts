/**
 * The structure of incoming resources against the standard's own StructureDefinitions: known elements, JSON types,
 * cardinality, choices, formats of primitives, codes of required bindings, types of targets of relative references, and
 * narratives. Profiles and other invariants are not checked.
 * The walk allocates nothing unless it finds something wrong.
 */
import type { Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { RESOURCE_DEPTH_MAX } from '../limits.ts'
import { isResourceType } from './definitions/definitions.ts'
import { type ElementInfo, elementsOf } from './definitions/elements.ts'
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

class Validation {
  readonly issues: ValidationIssue[] = []
  /** Names and positions on the way to the value in hand. */
  private readonly path: (string | number)[] = []

  private report(code: ValidationIssue['code'], name?: string, rule?: string): void {
    if (this.issues.length >= ISSUES_MAX) return
    const steps = name === undefined ? this.path : [...this.path, name]
    const path = steps.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    this.issues.push({ path: path.join(''), code, ...(rule === undefined ? {} : { rule }) })
  }

  resource(value: unknown): void {
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
    this.complex(record, type, true)
  }

  private complex(record: Json, type: string, isResource: boolean): void {
    const elements = elementsOf(type)
    if (!elements || this.path.length > 2 * RESOURCE_DEPTH_MAX) {
      this.report('structure')
      return
    }
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
    } else if (element.type === 'Resource') {
      this.resource(value)
    } else if (isObject(value)) {
      this.complex(value, element.type, false)
      if (element.targets) this.target(value, element.targets)
    } else {
      this.report('structure')
    }
  }

  private narrative(text: string): void {
    const fault = narrativeFault(text)
    if (fault === 'malformed') this.report('structure')
    else if (fault !== null) this.report('invariant', undefined, fault)
  }

  private target({ reference }: Json, targets: ReadonlySet<string>): void {
    const type = typeof reference === 'string' ? RELATIVE.exec(reference)?.[1] : undefined
    if (type !== undefined && !targets.has(type)) this.report('value', 'reference')
  }

  /** `_name`: id and extensions of a primitive, for lists one for each item or null. */
  private companion(record: Json, name: string, own: string, element: ElementInfo): void {
    const value = record[name]
    if (!PRIMITIVES.has(element.type) || Array.isArray(value) !== element.list) {
      this.report('structure', name)
      return
    }
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
