/**
 * Invariants of R4's definitions, those of severity error. The ones that nearly every resource meets are written out
 * here and in validate.ts; all others are the definitions' own FHIRPath (generate-definitions.ts, which leaves out what
 * could cost more than the resource is long, or needs more than the resource), interpreted. An expression refuses only
 * where it is plainly false; one that the interpreter cannot evaluate refuses nothing.
 */
import { type FhirPathAtom, parseFhirPath } from '@medplum/core'
import { definitions } from './definitions/definitions.ts'
import { parseDateRange } from './index/dates.ts'

type Json = Readonly<Record<string, unknown>>

interface Invariant {
  readonly key: string
  readonly holds: (element: Json) => boolean
}

const VARIABLES = { '%ucum': { type: 'uri', value: 'http://unitsofmeasure.org' } }

/** An end before its start: the two are kept as FHIR compares them, as far as their precision tells. */
function inOrder(earlier: string, later: string): Invariant['holds'] {
  return ({ [earlier]: from, [later]: to }) => {
    const start = typeof from === 'string' ? parseDateRange(from) : undefined
    const end = typeof to === 'string' ? parseDateRange(to) : undefined
    return !start || !end || start.startMs <= end.endMs
  }
}

function hasSystem({ code, system }: Json): boolean {
  return code === undefined || system !== undefined
}

/** A range whose ends have the same unit; the conversion of units is not attempted. */
function isRange({ low, high }: Json): boolean {
  const [from, to] = [low, high] as readonly (Json | undefined)[]
  if (typeof from?.value !== 'number' || typeof to?.value !== 'number') return true
  return from.code !== to.code || from.system !== to.system || from.unit !== to.unit || from.value <= to.value
}

/** A value of its own does not stand beside a component for the same code. */
function isNoComponent(observation: Json): boolean {
  const components = observation.component as readonly Json[] | undefined
  if (!components || !hasValue(observation)) return true
  const own = new Set(codingsOf(observation.code))
  return !components.some(({ code }) => codingsOf(code).some((coding) => own.has(coding)))
}

function codingsOf(concept: unknown): readonly string[] {
  const codings = ((concept as Json | undefined)?.coding ?? []) as readonly Json[]
  return codings.filter(({ code }) => code !== undefined).map(({ system, code }) => JSON.stringify([system, code]))
}

function hasValue(record: Json): boolean {
  for (const name in record) if (/^value[A-Z]/.test(name)) return true
  return false
}

const QUANTITY: Invariant = { key: 'qty-3', holds: hasSystem }
const OWN: Readonly<Record<string, readonly Invariant[]>> = {
  Extension: [{ key: 'ext-1', holds: (extension) => (extension.extension !== undefined) !== hasValue(extension) }],
  MedicationDispense: [{ key: 'mdd-1', holds: inOrder('whenPrepared', 'whenHandedOver') }],
  Observation: [
    { key: 'obs-6', holds: (one) => one.dataAbsentReason === undefined || !hasValue(one) },
    { key: 'obs-7', holds: isNoComponent },
  ],
  Period: [{ key: 'per-1', holds: inOrder('start', 'end') }],
  Range: [{ key: 'rng-2', holds: isRange }],
  Task: [{ key: 'inv-1', holds: inOrder('authoredOn', 'lastModified') }],
  ...Object.fromEntries(['Age', 'Count', 'Distance', 'Duration', 'Quantity'].map((type) => [type, [QUANTITY]])),
}

const NONE: readonly Invariant[] = []
const byType = new Map<string, readonly Invariant[]>()

/** The invariants of a type or backbone element. */
function invariantsOf(type: string): readonly Invariant[] {
  let invariants = byType.get(type)
  if (!invariants) {
    const interpreted = Object.entries(definitions.invariants[type] ?? {}).map(([key, text]) =>
      interpret(type, key, text),
    )
    invariants = [...(OWN[type] ?? NONE), ...interpreted]
    byType.set(type, invariants)
  }
  return invariants
}

function interpret(type: string, key: string, text: string): Invariant {
  const atom: FhirPathAtom = parseFhirPath(text)
  return {
    key,
    holds: (element) => {
      try {
        const [result] = atom.eval({ variables: VARIABLES }, [{ type, value: element }])
        return result?.value !== false
      } catch {
        return true
      }
    },
  }
}

/** The key of the first invariant that the element of this type breaks; undefined when all hold. */
export function brokenInvariant(type: string, element: Json): string | undefined {
  for (const { key, holds } of invariantsOf(type)) if (!holds(element)) return key
  return undefined
}
