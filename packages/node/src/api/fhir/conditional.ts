/**
 * Conditional interactions (FHIR R4 section 3.1.0.5.1 and following): a search decides what a write does. The search
 * and the write must not interleave with those of another request, or both would create; so they run one at a time.
 */
import { SalusError } from '@salus/core'
import type { Permit } from '../../consent/permit.ts'
import type { StoredVersion } from '../../vault/vault.ts'
import type { FhirServer } from './interaction.ts'
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
 * The only match of `query` among the resources of `type`, leaving out those (`Type/id`) that are `gone` by the time
 * it counts; undefined when there is none.
 * @throws SalusError `condition-malformed`, `condition-matches-many`, and those of a strict search
 */
export async function matchOne(
  { reader, fhirBase }: FhirServer,
  permit: Permit,
  type: string,
  query: string,
  gone: ReadonlySet<string>,
): Promise<StoredVersion | undefined> {
  const { matches } = await reader.search(permit, readCondition(fhirBase, type, query, gone.size + 2))
  const [match, ...more] = matches.filter((version) => !gone.has(`${type}/${version.id}`))
  if (more.length > 0) throw new SalusError('condition-matches-many', 'the condition matches more than one resource')
  return match
}
