/** Finds the interaction that a method and a path mean; the same for HTTP requests and for entries of bundles. */
import { SalusError } from '@salus/core'
import { isResourceType } from '../../vault/definitions/definitions.ts'
import type { Interaction, PathParts } from './interaction.ts'

export interface Match {
  readonly interaction: Interaction
  readonly path: PathParts
}

interface Pattern {
  readonly interaction: Interaction
  readonly segments: readonly string[]
}

/** FHIR R4 datatype id. */
const ID = /^[A-Za-z0-9.-]{1,64}$/
/** Paths have four segments at most, of 64 characters; both are checked before anything is split. */
const PATH_LENGTH_MAX = 300

export class Router {
  readonly #bySegmentCount = new Map<number, Pattern[]>()

  /** Where two patterns fit, the earlier one is taken; so literal segments come before variable ones. */
  constructor(interactions: readonly Interaction[]) {
    const patterns = interactions.map((interaction) => ({ interaction, segments: split(interaction.path) }))
    for (const pattern of patterns.sort((a, b) => variables(a) - variables(b))) {
      const list = this.#bySegmentCount.get(pattern.segments.length)
      if (list) list.push(pattern)
      else this.#bySegmentCount.set(pattern.segments.length, [pattern])
    }
  }

  /**
   * @param path after the base URL, with or without a slash at its start
   * @throws SalusError `path-unknown`, `method-not-allowed` (details: allow), `type-unknown`, `id-malformed`
   */
  match(method: string, path: string, hasQuery: boolean): Match {
    if (path.length > PATH_LENGTH_MAX) throw unknownPath()
    const segments = split(path)
    const allowed = new Set<string>()
    let needsQuery = false
    for (const pattern of this.#bySegmentCount.get(segments.length) ?? []) {
      if (!fits(pattern.segments, segments)) continue
      const { interaction } = pattern
      const isMeant = interaction.query !== 'required' || hasQuery
      if (isMeant && interaction.method === method) return { interaction, path: partsOf(pattern.segments, segments) }
      if (isMeant) allowed.add(interaction.method)
      else if (interaction.method === method) needsQuery = true
    }
    if (allowed.size === 0) throw unknownPath()
    if (allowed.has('GET')) allowed.add('HEAD')
    const why = needsQuery ? 'that method needs search criteria on this path' : 'this path does not have that method'
    throw new SalusError('method-not-allowed', why, { allow: [...allowed].sort() })
  }
}

function unknownPath(): SalusError {
  return new SalusError('path-unknown', 'no interaction has this path')
}

function split(path: string): string[] {
  const trimmed = path.startsWith('/') ? path.slice(1) : path
  if (trimmed === '') return []
  const segments = trimmed.split('/')
  if (segments.at(-1) === '') segments.pop()
  return segments
}

function variables(pattern: Pattern): number {
  return pattern.segments.filter((segment) => segment.startsWith(':')).length
}

/** Variable segments never stand for `_history`, `$operation` or `metadata`: those are words of the API itself. */
function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((part, i) => {
    const segment = segments[i] as string
    if (!part.startsWith(':')) return part === segment
    return segment !== '' && !segment.startsWith('_') && !segment.startsWith('$')
  })
}

function partsOf(pattern: readonly string[], segments: readonly string[]): PathParts {
  const parts = { type: '', id: '', version: '', member: '' }
  pattern.forEach((part, i) => {
    const segment = segments[i] as string
    if (part === ':type') parts.type = requireType(segment)
    else if (part === ':id') parts.id = requireId(segment)
    else if (part === ':version') parts.version = requireId(segment)
    else if (part === ':member') parts.member = segment === '*' ? segment : requireType(segment)
  })
  if (parts.type === '' && pattern.includes('Patient')) parts.type = 'Patient'
  return parts
}

function requireType(text: string): string {
  if (!isResourceType(text)) throw new SalusError('type-unknown', 'no such resource type in FHIR R4')
  return text
}

function requireId(text: string): string {
  if (!ID.test(text)) throw new SalusError('id-malformed', 'an id has 1 to 64 letters, digits, dots and hyphens')
  return text
}
