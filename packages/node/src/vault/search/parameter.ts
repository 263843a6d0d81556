/** One search parameter of a query, `name:modifier.chain=value`, as a criterion on resources of one type. */
import { SalusError } from '@salus/core'
import { CHAIN_LINKS_MAX, SEARCH_VALUES_MAX } from '../../limits.ts'
import { isResourceType } from '../definitions/definitions.ts'
import { ofTypeCode, ofTypePath } from '../index/extract.ts'
import { foldText } from '../index/fold.ts'
import { type Parameter, parametersOf } from '../index/parameters.ts'
import type { PathUse } from '../index/paths.ts'
import type { CompositeCriterion, Criterion, Value } from './criteria.ts'
import {
  dateValue,
  malformed,
  quantityValue,
  referenceValue,
  splitEscaped,
  stringValue,
  tokenValue,
  unescapeValue,
  uriValue,
} from './values.ts'

/**
 * What parsing needs besides the parameter. `links` counts chain links and `_has` so far; `work` counts what was parsed
 * for the whole query, as a chain without types branches into every type that its reference may lead to.
 */
export interface ParseContext {
  /** URLs of this node, without a final slash. */
  readonly bases: readonly string[]
  readonly nowMs: number
  readonly links: number
  readonly work: { steps: number }
  /** Ids of the patients that the query names are added here. */
  readonly patients: Set<string>
}

/** Steps of parsing for one query: the most that the types of R4 need for one untyped link, several times over. */
const STEPS_MAX = 2000

const UNSUPPORTED = new Set(['_text', '_content', '_query', '_filter', '_list', '_contained', '_containedType', 'near'])
const ID = /^[A-Za-z0-9.-]{1,64}$/

export function unknownParameter(type: string | null, parameter: string): SalusError {
  return new SalusError('search-parameter-unknown', 'resources of this type have no such search parameter', {
    type,
    parameter: parameter.slice(0, 64),
  })
}

export function unsupportedModifier(parameter: string, modifier: string): SalusError {
  return new SalusError('search-modifier-unsupported', 'the search parameter does not take this modifier', {
    parameter,
    modifier: modifier.slice(0, 64),
  })
}

/** The values of a parameter, separated by commas; any of them may match. */
function valuesOf(parameter: string, text: string): string[] {
  const values = splitEscaped(text, ',').filter((value) => value !== '')
  if (values.length === 0) throw malformed(parameter, 'no value')
  if (values.length > SEARCH_VALUES_MAX) {
    throw new SalusError('search-too-many-values', 'a search parameter has too many values', { SEARCH_VALUES_MAX })
  }
  return values
}

/**
 * @throws SalusError `search-parameter-unknown`, `search-parameter-unsupported`, `search-modifier-unsupported`,
 *   `search-value-malformed`, `search-chain-too-long`, `search-chain-too-broad`, `search-too-many-values`
 */
export function parseParameter(type: string, name: string, value: string, context: ParseContext): Criterion {
  if (context.links > CHAIN_LINKS_MAX) {
    throw new SalusError('search-chain-too-long', 'a chain has too many links', { CHAIN_LINKS_MAX })
  }
  if (++context.work.steps > STEPS_MAX) {
    throw new SalusError('search-chain-too-broad', 'a chain leads to too many types: name them (subject:Patient.name)')
  }
  if (name.startsWith('_has:')) return parseHas(type, name, value, context)
  const dot = name.indexOf('.')
  const head = dot < 0 ? name : name.slice(0, dot)
  const colon = head.indexOf(':')
  const code = colon < 0 ? head : head.slice(0, colon)
  const modifier = colon < 0 ? undefined : head.slice(colon + 1)
  if (UNSUPPORTED.has(code)) {
    throw new SalusError('search-parameter-unsupported', 'this server cannot search by this parameter', {
      parameter: code,
    })
  }
  if (code === '_id') return parseId(type, modifier, value, context)
  if (code === '_lastUpdated') return parseUpdated(modifier, value, context)
  const parameter = parametersOf(type).get(code)
  if (!parameter) throw unknownParameter(type, code)
  if (dot >= 0) return parseChain(parameter, modifier, name.slice(dot + 1), value, context)
  if (modifier === 'missing') return parseMissing(parameter, value)
  if (parameter.type === 'composite') return parseComposite(parameter, modifier, value, context)
  return parseSimple(parameter, modifier, value, context)
}

function parseId(type: string, modifier: string | undefined, value: string, context: ParseContext): Criterion {
  if (modifier === 'missing') return { kind: 'never', never: booleanOf('_id', value) }
  if (modifier !== undefined && modifier !== 'not') throw unsupportedModifier('_id', modifier)
  // `|code` is a code without a system, as ids are.
  const ids = valuesOf('_id', value).map((text) => unescapeValue(text.replace(/^\|/, '')))
  if (type === 'Patient' && modifier === undefined) for (const id of ids) context.patients.add(id)
  return { kind: 'id', ids, negated: modifier === 'not' }
}

function parseUpdated(modifier: string | undefined, value: string, context: ParseContext): Criterion {
  if (modifier === 'missing') return { kind: 'never', never: booleanOf('_lastUpdated', value) }
  if (modifier !== undefined) throw unsupportedModifier('_lastUpdated', modifier)
  const values = valuesOf('_lastUpdated', value).map((one) => dateValue('_lastUpdated', one, context.nowMs))
  return { kind: 'updated', values }
}

function booleanOf(parameter: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw malformed(parameter, ':missing takes true or false')
  return value === 'true'
}

function parseMissing(parameter: Parameter, value: string): Criterion {
  const missing = booleanOf(parameter.code, value)
  if (parameter.type !== 'composite') return { kind: 'missing', uses: parameter.uses, missing }
  throw unsupportedModifier(parameter.code, 'missing')
}

function parseHas(type: string, name: string, value: string, context: ParseContext): Criterion {
  const match = /^_has:([A-Za-z]+):([A-Za-z0-9_-]+):(.+)$/.exec(name)
  if (!match) throw malformed('_has', '_has:Type:reference:parameter')
  const [, source = '', reference = '', rest = ''] = match
  const parameter = isResourceType(source) ? parametersOf(source).get(reference) : undefined
  if (parameter?.type !== 'reference') throw unknownParameter(source, reference)
  const uses = parameter.uses.filter((use) => use.target === null || use.target === type)
  const criterion = parseParameter(source, rest, value, { ...context, links: context.links + 1 })
  return { kind: 'has', uses, type: source, criterion }
}

/** Types of target that a reference parameter may lead to under one use of it. */
function targetsOf(parameter: Parameter, use: PathUse): readonly string[] {
  return use.target === null ? parameter.targets : [use.target]
}

function parseChain(
  parameter: Parameter,
  modifier: string | undefined,
  rest: string,
  value: string,
  context: ParseContext,
): Criterion {
  if (parameter.type !== 'reference') throw unsupportedModifier(parameter.code, 'chain')
  if (modifier !== undefined && !isResourceType(modifier)) throw unsupportedModifier(parameter.code, modifier)
  const inner = { ...context, links: context.links + 1 }
  const byType = new Map<string, PathUse[]>()
  for (const use of parameter.uses) {
    for (const type of targetsOf(parameter, use)) {
      if (modifier !== undefined && type !== modifier) continue
      const uses = byType.get(type)
      if (uses) uses.push(use)
      else byType.set(type, [use])
    }
  }
  const links: { uses: PathUse[]; type: string; criterion: Criterion }[] = []
  let failure: unknown = unknownParameter(modifier ?? null, rest)
  for (const [type, uses] of byType) {
    try {
      links.push({ uses, type, criterion: parseParameter(type, rest, value, inner) })
    } catch (error) {
      // Of the types that a reference may lead to, some lack the parameter; it is an error only if all do.
      if (!(error instanceof SalusError) || error.code !== 'search-parameter-unknown') throw error
      failure = error
    }
  }
  if (links.length === 0) throw failure
  return { kind: 'chain', links }
}

function parseSimple(
  parameter: Parameter,
  modifier: string | undefined,
  value: string,
  context: ParseContext,
): Criterion {
  const { code, uses } = parameter
  const texts = valuesOf(code, value)
  if (parameter.type === 'reference') return parseReference(parameter, modifier, texts, context)
  if (parameter.type === 'token') return parseToken(parameter, modifier, texts)
  const values = texts.map((text) => plainValue(parameter, modifier, text, context))
  return { kind: 'values', uses, values, negated: false }
}

function plainValue(parameter: Parameter, modifier: string | undefined, text: string, context: ParseContext): Value {
  const { code, type } = parameter
  if (type === 'string' && (modifier === undefined || modifier === 'exact' || modifier === 'contains')) {
    return stringValue(code, text, modifier ?? 'start')
  }
  if (type === 'uri' && (modifier === undefined || modifier === 'below' || modifier === 'above')) {
    return uriValue(code, text, modifier ?? 'exact')
  }
  if (modifier !== undefined) throw unsupportedModifier(code, modifier)
  if (type === 'date') return dateValue(code, text, context.nowMs)
  if (type === 'number') return quantityValue(code, text, false)
  if (type === 'quantity') return quantityValue(code, text, true)
  if (type === 'token') return tokenValue(code, text)
  if (type === 'reference') return referenceValue(code, text, parameter.targets, context.bases)
  throw new SalusError('search-parameter-unsupported', 'this server cannot search by this parameter', {
    parameter: code,
  })
}

function parseToken(parameter: Parameter, modifier: string | undefined, texts: readonly string[]): Criterion {
  const { code, uses } = parameter
  if (modifier === 'text') {
    const values = texts.map((text) => ({ kind: 'token-text' as const, start: foldText(unescapeValue(text)) }))
    return { kind: 'values', uses, values, negated: false }
  }
  if (modifier === 'of-type') return parseOfType(parameter, texts)
  if (modifier !== undefined && modifier !== 'not') throw unsupportedModifier(code, modifier)
  const values = texts.map((text) => tokenValue(code, text))
  return { kind: 'values', uses, values, negated: modifier === 'not' }
}

/** `identifier:of-type=system|code|value`. */
function parseOfType(parameter: Parameter, texts: readonly string[]): Criterion {
  const uses = parameter.uses.map(({ path, target }) => ({ path: { ...path, id: ofTypePath(path.text) }, target }))
  const values = texts.map((text) => {
    const [system, code, value, more] = splitEscaped(text, '|').map(unescapeValue)
    if (!system || !code || !value || more !== undefined) throw malformed(parameter.code, 'system|code|value')
    return { kind: 'token' as const, system: undefined, code: ofTypeCode(system, code, value) }
  })
  return { kind: 'values', uses, values, negated: false }
}

function parseReference(
  parameter: Parameter,
  modifier: string | undefined,
  texts: readonly string[],
  context: ParseContext,
): Criterion {
  const { code, uses } = parameter
  if (modifier === 'identifier') {
    return { kind: 'values', uses, values: texts.map((text) => tokenValue(code, text)), negated: false }
  }
  const negated = modifier === 'not'
  if (modifier !== undefined && !negated && !isResourceType(modifier)) throw unsupportedModifier(code, modifier)
  const allowed = new Set(uses.flatMap((use) => targetsOf(parameter, use)))
  const types = modifier === undefined || negated ? [...allowed] : [modifier].filter((type) => allowed.has(type))
  const values = texts.map((text) => referenceValue(code, text, types, context.bases))
  for (const value of values) {
    if (!negated && value.kind === 'reference' && value.types.includes('Patient') && ID.test(value.id)) {
      context.patients.add(value.id)
    }
  }
  return { kind: 'values', uses, values, negated }
}

function parseComposite(
  parameter: Parameter,
  modifier: string | undefined,
  value: string,
  context: ParseContext,
): CompositeCriterion {
  if (modifier !== undefined) throw unsupportedModifier(parameter.code, modifier)
  const alternatives: CompositeCriterion['alternatives'][number][] = []
  for (const text of valuesOf(parameter.code, value)) {
    const parts = splitEscaped(text, '$')
    for (const { components } of parameter.composite) {
      if (parts.length !== components.length)
        throw malformed(parameter.code, 'a composite has one part for each component')
      alternatives.push(
        components.map(({ parameter: component, uses, correlated }, at) => ({
          uses,
          correlated,
          value: plainValue(component, undefined, parts[at] as string, context),
        })),
      )
    }
  }
  return { kind: 'composite', alternatives }
}
