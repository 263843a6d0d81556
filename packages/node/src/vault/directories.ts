/**
 * Types that are nobody's record: organizations, practitioners, places, medications, terminology. The standard decides:
 * neither the Patient compartment nor any element of the type leads to a Patient, and nothing holds arbitrary resources
 * or references. Of every other type, a resource without an owner here is about somebody who is not known here.
 */
import { definitions } from './definitions/definitions.ts'
import { elementsOf } from './definitions/elements.ts'

/** Any resource may carry these, about whatever it likes; they say nothing of its type. */
const ANYWHERE = new Set(['contained', 'extension', 'modifierExtension'])

/** Its criteria may name a patient in a query, and its headers hold secrets. */
const PRIVATE = new Set(['Subscription'])

export const DIRECTORY_TYPES: readonly string[] = definitions.resources.filter(
  (type) => !PRIVATE.has(type) && !Object.hasOwn(definitions.compartment, type) && !mayNamePatient(type, new Set()),
)

const directory: ReadonlySet<string> = new Set(DIRECTORY_TYPES)

export function isDirectoryType(type: string): boolean {
  return directory.has(type)
}

function mayNamePatient(type: string, seen: Set<string>): boolean {
  if (type === 'Resource') return true
  if (seen.has(type)) return false
  seen.add(type)
  for (const [name, { type: inner, targets }] of elementsOf(type) ?? []) {
    if (ANYWHERE.has(name)) continue
    if (inner === 'Reference' && (targets === undefined || targets.has('Patient'))) return true
    if (mayNamePatient(inner, seen)) return true
  }
  return false
}
