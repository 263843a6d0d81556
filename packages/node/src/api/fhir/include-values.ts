/**
 * The values of `_include` and `_revinclude` that searches follow, for the CapabilityStatement: `Source:parameter` for
 * each reference parameter that leads to a literal reference. Those of canonicals, and of resources within the resource
 * itself, can be searched by and lead to no other resource here.
 */
import { definitions } from '../../vault/definitions/definitions.ts'
import { type Parameter, parametersOf } from '../../vault/index/parameters.ts'

/** Events are rendered from the journal: no search includes them, and theirs include nothing. */
const OUTSIDE_VAULT = 'AuditEvent'

let reverse: ReadonlyMap<string, readonly string[]> | undefined

/** What searches of `type` may have as `_include`; empty where none is followed. */
export function includeValues(type: string): string[] {
  if (type === OUTSIDE_VAULT) return []
  const own = [...parametersOf(type).values()].filter((parameter) => targetsOf(parameter).size > 0)
  return ['*', ...own.map(({ code }) => `${type}:${code}`).sort()]
}

/** What searches of `type` may have as `_revinclude`; empty where none is followed. */
export function reverseIncludeValues(type: string): string[] {
  if (type === OUTSIDE_VAULT) return []
  reverse ??= reverseByTarget()
  return ['*', ...(reverse.get(type) ?? [])]
}

function reverseByTarget(): ReadonlyMap<string, readonly string[]> {
  const byTarget = new Map<string, string[]>(definitions.resources.map((type) => [type, []]))
  for (const source of [...definitions.resources].sort()) {
    if (source === OUTSIDE_VAULT) continue
    for (const parameter of parametersOf(source).values()) {
      for (const target of targetsOf(parameter)) byTarget.get(target)?.push(`${source}:${parameter.code}`)
    }
  }
  return byTarget
}

/** The types that literal references under a parameter may lead to. */
function targetsOf({ type, uses, targets }: Parameter): ReadonlySet<string> {
  if (type !== 'reference') return new Set()
  const leaves = uses.flatMap(({ path, target }) => path.leaves.map((leaf) => ({ leaf, target })))
  const references = leaves.filter(({ leaf }) => leaf.type === 'Reference')
  return new Set(
    targets.filter((one) =>
      references.some(({ leaf, target }) => (target ?? one) === one && leaf.targets?.has(one) !== false),
    ),
  )
}
