/**
 * JSON Patch (RFC 6902) on parsed JSON, with JSON Pointers (RFC 6901). Numbers may be those of `parseSpelled`, and keep
 * their spelling then.
 */
import { SalusError } from '@salus/core'
import { PATCH_OPERATIONS_MAX, RESOURCE_BYTES_MAX } from '../../limits.ts'
import { parseSpelled, unspelled } from '../../vault/fhir-json.ts'

type Container = Record<string, unknown> | unknown[]

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string
  readonly value: unknown
}

/**
 * Applies the operations in order; `document` is changed in place, and returned as text.
 * @throws SalusError `patch-malformed`, `patch-path-missing`, `patch-test-failed`, `patch-too-large`
 */
export function applyPatch(document: object, patch: unknown): string {
  if (!Array.isArray(patch) || patch.length > PATCH_OPERATIONS_MAX) throw malformed('a patch is a list of operations')
  const budget = { copyBytes: RESOURCE_BYTES_MAX }
  try {
    for (const item of patch) apply(document as Container, readOperation(item), budget)
    return JSON.stringify(document)
  } catch (error) {
    // A few copies and moves into one another nest deeper than the stack can follow.
    if (error instanceof RangeError) throw tooLarge()
    throw error
  }
}

/** What the copies of one patch may add up to: each could double the document. */
interface Budget {
  copyBytes: number
}

function readOperation(item: unknown): Operation {
  if (typeof item !== 'object' || item === null) throw malformed('an operation is an object')
  const { op, path, from = '', value } = item as Readonly<Record<string, unknown>>
  if (typeof op !== 'string' || typeof path !== 'string' || typeof from !== 'string') throw malformed('op and path')
  if (value === undefined && (op === 'add' || op === 'replace' || op === 'test')) throw malformed('a value is missing')
  return { op, path, from, value }
}

function apply(document: Container, { op, path, from, value }: Operation, budget: Budget): void {
  switch (op) {
    case 'add':
      add(document, path, value)
      break
    case 'remove':
      remove(document, path)
      break
    case 'replace':
      remove(document, path)
      add(document, path, value)
      break
    case 'move':
      if (path.startsWith(`${from}/`)) throw malformed('a value cannot move into itself')
      add(document, path, remove(document, from))
      break
    case 'copy':
      add(document, path, copyOf(get(document, from), budget))
      break
    case 'test':
      if (isSame(get(document, path), value)) break
      throw new SalusError('patch-test-failed', 'a test does not hold')
    default:
      throw malformed('there is no such operation')
  }
}

function copyOf(value: unknown, budget: Budget): unknown {
  const text = JSON.stringify(value)
  budget.copyBytes -= text.length
  if (budget.copyBytes < 0) throw tooLarge()
  return parseSpelled(text)
}

/** Equality of RFC 6902, section 4.6: of numbers by their value, of objects without the order of their members. */
function isSame(a: unknown, b: unknown): boolean {
  const [left, right] = [unspelled(a), unspelled(b)]
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right
  const entries = Object.entries(left)
  if (Array.isArray(left) !== Array.isArray(right) || entries.length !== Object.keys(right).length) return false
  return entries.every(([key, value]) => Object.hasOwn(right, key) && isSame(value, right[key as keyof typeof right]))
}

function add(document: Container, path: string, value: unknown): void {
  const [holder, key] = locate(document, path)
  if (!Array.isArray(holder)) {
    // The document's prototype must not be reachable by a name.
    Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true })
    return
  }
  const index = key === '-' ? holder.length : position(key)
  if (index > holder.length) throw missing()
  holder.splice(index, 0, value)
}

function remove(document: Container, path: string): unknown {
  const [holder, key] = locate(document, path)
  const value = member(holder, key)
  if (Array.isArray(holder)) holder.splice(position(key), 1)
  else delete holder[key]
  return value
}

function get(document: Container, path: string): unknown {
  const [holder, key] = locate(document, path)
  return member(holder, key)
}

/** The object or array that holds what `path` names, and its key there. The whole document cannot be named. */
function locate(document: Container, path: string): readonly [Container, string] {
  if (!path.startsWith('/')) throw malformed('a path begins with a slash')
  const keys = path.slice(1).split('/').map(unescapeKey)
  let holder: Container = document
  for (const key of keys.slice(0, -1)) {
    const inner = unspelled(member(holder, key))
    if (typeof inner !== 'object' || inner === null) throw missing()
    holder = inner as Container
  }
  return [holder, keys.at(-1) as string]
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

function member(holder: Container, key: string): unknown {
  const name = Array.isArray(holder) ? String(position(key)) : key
  if (!Object.hasOwn(holder, name)) throw missing()
  return (holder as Record<string, unknown>)[name]
}

function position(key: string): number {
  if (!/^(0|[1-9]\d{0,8})$/.test(key)) throw missing()
  return Number(key)
}

function malformed(message: string): SalusError {
  return new SalusError('patch-malformed', `the patch is malformed: ${message}`)
}

function tooLarge(): SalusError {
  return new SalusError('patch-too-large', 'the patch makes the resource too large', { RESOURCE_BYTES_MAX })
}

function missing(): SalusError {
  return new SalusError('patch-path-missing', 'a path of the patch leads nowhere')
}
