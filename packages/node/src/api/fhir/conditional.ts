/**
 * Conditional interactions (FHIR R4 section 3.1.0.5.1 and following): a search decides what a write does. The search
 * and the write must not interleave with those of another request, or both would create; so they run one at a time.
 */
import { SalusError } from '@salus/core'
import type { Permit } from '../../consent/permit.ts'
import type { StoredVersion } from '../../vault/vault.ts'
import type { FhirRequest, FhirServer } from './interaction.ts'
import { readCondition } from './search-query.ts'

/** Runs what it is given one after the other. */
export class ConditionalLock {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }
}

/**
 * What `query` matches among the resources of `type`: at least two of those that are not `gone` (`Type/id`), if there
 * are so many.
 * @throws SalusError `condition-malformed`, `insufficient-scope`, and those of a strict search
 */
export async function matchesOf(
  { reader, fhirBase }: FhirServer,
  request: FhirRequest,
  permit: Permit,
  type: string,
  query: string,
  gone: ReadonlySet<string>,
): Promise<readonly StoredVersion[]> {
  const { matches } = await reader.search(permit, readCondition(fhirBase, request, type, query, gone.size + 2))
  return matches
}

/** The only one that is left, undefined when there is none. @throws SalusError `condition-matches-many` */
export function theOne(matches: readonly StoredVersion[], gone: ReadonlySet<string>): StoredVersion | undefined {
  const [match, ...more] = matches.filter(({ type, id }) => !gone.has(`${type}/${id}`))
  if (more.length > 0) throw new SalusError('condition-matches-many', 'the condition matches more than one resource')
  return match
}
