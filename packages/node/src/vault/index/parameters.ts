/** The search parameters of each resource type with their compiled paths, made on demand. */
import { definitions, type SearchDefinition, type SearchType } from '../definitions/definitions.ts'
import { type PathUse, pathUses } from './paths.ts'

/** One way to satisfy a composite: each component's paths, correlated by repetition where `correlated`. */
export interface CompositeRoot {
  readonly components: readonly {
    readonly parameter: Parameter
    readonly uses: readonly PathUse[]
    readonly correlated: boolean
  }[]
}

export interface Parameter {
  readonly code: string
  readonly type: SearchType
  readonly uses: readonly PathUse[]
  /** Types that a reference may point to. */
  readonly targets: readonly string[]
  readonly composite: readonly CompositeRoot[]
}

const RESOURCE_TYPES: readonly string[] = definitions.resources
const byType = new Map<string, ReadonlyMap<string, Parameter>>()
/** `_id` and `_lastUpdated` are columns; the rest of these search what is not indexed. */
const UNINDEXED = new Set(['_id', '_lastUpdated', '_text', '_content', '_query', 'near'])

const definitionsByBase = new Map<string, SearchDefinition[]>()
for (const definition of definitions.search) {
  for (const base of definition.base) {
    const list = definitionsByBase.get(base)
    if (list) list.push(definition)
    else definitionsByBase.set(base, [definition])
  }
}

/** All indexed parameters that resources of `type` can be searched by. */
export function parametersOf(type: string): ReadonlyMap<string, Parameter> {
  const known = byType.get(type)
  if (known) return known
  const parameters = new Map<string, Parameter>()
  const own = [...(definitionsByBase.get('Resource') ?? []), ...(definitionsByBase.get(type) ?? [])]
  const composites = own.filter((definition) => definition.type === 'composite')
  for (const definition of own) {
    if (definition.type === 'composite' || UNINDEXED.has(definition.code)) continue
    parameters.set(definition.code, { ...simple(definition, type), composite: [] })
  }
  for (const definition of composites) parameters.set(definition.code, composite(definition, type, parameters))
  byType.set(type, parameters)
  return parameters
}

function simple(definition: SearchDefinition, type: string): Omit<Parameter, 'composite'> {
  const targets = definition.target ?? []
  const uses = pathUses(definition.expression, type)
  return {
    code: definition.code,
    type: definition.type,
    uses,
    targets: targets.length === 0 || targets.includes('Resource') ? RESOURCE_TYPES : targets,
  }
}

/**
 * Components are relative to the composite's root. A root below the resource repeats, and its components must come
 * from one repetition; `%resource` in a component steps out of it.
 */
function composite(definition: SearchDefinition, type: string, known: ReadonlyMap<string, Parameter>): Parameter {
  const roots = definition.expression.split(' | ').filter((root) => root === type || root.startsWith(`${type}.`))
  const alternatives = roots.map((root) => ({
    components: (definition.component ?? []).map((component) => {
      const outside = component.expression.startsWith('%resource.')
      const members = component.expression.split(' | ').map((member) => {
        return outside ? member.replace('%resource', type) : `${root}.${member}`
      })
      return {
        parameter: known.get(component.code) as Parameter,
        uses: pathUses(members.join(' | '), type),
        correlated: !outside && root !== type,
      }
    }),
  }))
  return { code: definition.code, type: 'composite', uses: [], targets: [], composite: alternatives }
}

/** What kind of index table a path's values stand in. */
export type IndexKind = 'token' | 'string' | 'reference' | 'date' | 'quantity' | 'uri'

export interface PlannedPath {
  readonly kind: IndexKind
  readonly path: PathUse['path']
}

const plans = new Map<string, readonly PlannedPath[]>()

/** Every path of a type that has to be indexed, once for each kind of index. */
export function indexPlan(type: string): readonly PlannedPath[] {
  const known = plans.get(type)
  if (known) return known
  const planned = new Map<string, PlannedPath>()
  const add = (searchType: SearchType, uses: readonly PathUse[]): void => {
    const kind = indexKind(searchType)
    for (const { path } of uses) planned.set(`${kind} ${path.text}`, { kind, path })
  }
  for (const parameter of parametersOf(type).values()) {
    if (parameter.type !== 'composite') add(parameter.type, parameter.uses)
    for (const { components } of parameter.composite) {
      for (const component of components) add(component.parameter.type, component.uses)
    }
  }
  const plan = [...planned.values()]
  plans.set(type, plan)
  return plan
}

export function indexKind(type: SearchType): IndexKind {
  return type === 'number' ? 'quantity' : (type as IndexKind)
}
