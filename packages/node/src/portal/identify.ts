/** Whom a record number names, for questions that must reach a patient. */
import { identifyPermit } from '../consent/identify.ts'
import { parseSearch } from '../vault/search/parse.ts'
import type { VaultReader } from '../vault/vault.ts'

/** Enough to see that a number names more than one. */
const FOUND_MAX = 2

export function identifier(
  reader: VaultReader,
  custodian: string,
  now: () => number,
): (identifiers: readonly string[]) => Promise<readonly string[]> {
  return async (identifiers) => {
    // A comma would be an "or" (FHIR R4, search, escaping).
    const value = identifiers.map((one) => one.replace(/[\\,$]/g, '\\$&')).join(',')
    const request = parseSearch('Patient', [
      ['identifier', value],
      ['_count', String(FOUND_MAX)],
    ])
    const { matches } = await reader.search(identifyPermit(custodian, now()), request)
    return matches.map(({ id }) => id)
  }
}
