/**
 * SMART scopes: `context/Type.cruds` of SMART App Launch 2 (section 3.0.2), and the `.read`, `.write` and `.*` of
 * version 1. Scopes narrowed by a query (`?category=…`) are refused: taking one for the whole type would grant more
 * than was asked for.
 */
import { SalusError } from '@salus/core'
import { SCOPE_TEXT_MAX, SCOPES_MAX } from '../limits.ts'
import type { Principal, Scope } from './principal.ts'

const SYNTAX = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|write|c?r?u?d?s?)$/
const VERSION_1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

const ACTIONS = { create: 'c', read: 'r', update: 'u', delete: 'd', search: 's' } as const
export type Action = keyof typeof ACTIONS
export const ACTION_NAMES = Object.keys(ACTIONS) as readonly Action[]

/**
 * The scopes of a space-separated list.
 * @throws SalusError `scope-malformed`, `scope-query-unsupported`
 */
export function parseScopes(text: string): readonly Scope[] {
  if (text.length > SCOPE_TEXT_MAX)
    throw new SalusError('scope-malformed', 'the scopes are too long', { SCOPE_TEXT_MAX })
  const words = text.split(' ').filter((word) => word !== '')
  if (words.length > SCOPES_MAX) throw new SalusError('scope-malformed', 'too many scopes', { SCOPES_MAX })
  return words.map(parseScope)
}

function parseScope(word: string): Scope {
  if (word.includes('?')) {
    throw new SalusError('scope-query-unsupported', 'scopes that are narrowed by a query are not supported')
  }
  const [, context, type, letters] = SYNTAX.exec(word) ?? []
  if (!context || !type || !letters) {
    throw new SalusError('scope-malformed', 'a scope is not of the form context/Type.cruds')
  }
  const granted = VERSION_1[letters] ?? letters
  return { context: context as Scope['context'], type, ...actions((_, letter) => granted.includes(letter)) }
}

function actions(has: (action: Action, letter: string) => boolean): Record<Action, boolean> {
  const { create, read, update, delete: remove, search } = ACTIONS
  return {
    create: has('create', create),
    read: has('read', read),
    update: has('update', update),
    delete: has('delete', remove),
    search: has('search', search),
  }
}

/** The scopes in the spelling of version 2. */
export function writeScopes(scopes: readonly Scope[]): string {
  return scopes
    .map((scope) => {
      const letters = ACTION_NAMES.filter((action) => scope[action]).map((action) => ACTIONS[action])
      return `${scope.context}/${scope.type}.${letters.join('')}`
    })
    .join(' ')
}

/**
 * What `requested` and `allowed` have in common: `system/*.rs` out of `system/Patient.cruds` is `system/Patient.rs`.
 * Scopes of which nothing is left are dropped.
 */
export function intersectScopes(requested: readonly Scope[], allowed: readonly Scope[]): readonly Scope[] {
  const common = new Map<string, Scope>()
  for (const wanted of requested) {
    for (const given of allowed) {
      if (wanted.context !== given.context) continue
      if (wanted.type !== given.type && wanted.type !== '*' && given.type !== '*') continue
      const type = wanted.type === '*' ? given.type : wanted.type
      const both = actions((action) => wanted[action] && given[action])
      if (!ACTION_NAMES.some((action) => both[action])) continue
      const key = `${wanted.context}/${type}`
      const known = common.get(key)
      const merged = known ? actions((action) => known[action] || both[action]) : both
      common.set(key, { context: wanted.context, type, ...merged })
    }
  }
  return [...common.values()].slice(0, SCOPES_MAX)
}

/** True when the principal's scopes allow `action` on `type`, where `*` means every type. */
export function allows(principal: Principal, type: string, action: Action): boolean {
  // A `patient/` scope speaks of one patient, whom no other principal names; so it allows nothing else.
  const isPatient = principal.kind === 'patient'
  return principal.scopes.some(
    (scope) =>
      (scope.context === 'patient') === isPatient && (scope.type === '*' || scope.type === type) && scope[action],
  )
}

/**
 * Refuses unless the principal's scopes allow `action` on `type`; for requests over all types, `type` is `*`.
 * @throws SalusError `insufficient-scope` (403)
 */
export function requireScope(principal: Principal, type: string, action: Action): void {
  if (allows(principal, type, action)) return
  throw new SalusError('insufficient-scope', 'the scopes of the access token do not allow this', { type, action })
}

/** True for this member's administrators: operators that may do everything at this node. */
export function isAdministrator(principal: Principal): boolean {
  return principal.kind === 'operator' && ACTION_NAMES.every((action) => allows(principal, '*', action))
}

/** What other members may have here: to read, on behalf of a practitioner or of a system. */
export function memberScope(practitioner: string | null): string {
  return practitioner === null ? 'system/*.rs' : 'user/*.rs'
}
