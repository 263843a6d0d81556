/** A vault on a database of its own, and synthetic patients to fill it with, for tests and benchmarks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import type { DataFilter } from '../consent/filter.ts'
import { mintPermit } from '../consent/mint.ts'
import type { Permit, Scope } from '../consent/permit.ts'
import type { Database } from '../db/database.ts'
import { openSqlite } from '../db/sqlite.ts'
import { openKeyRing } from './keys.ts'
import { parseSearch } from './search/parse.ts'
import type { SearchPage } from './search/request.ts'
import { openVault, type Vault, type VaultOptions, vaultDdl } from './store.ts'
import type { Change } from './vault.ts'

export type Stored = Resource & { id: string }
export const BASE_URL = 'http://here.example/fhir'
export const NOW_MS = Date.UTC(2024, 0, 15, 12)

export interface TestVault extends Vault {
  readonly database: Database
  put(...resources: readonly object[]): Promise<void>
  /** `Observation?code=x` or `?_type=…`. */
  search(query: string, permit?: Permit): Promise<SearchPage>
  close(): Promise<void>
}

export async function openTestVault(options: Partial<VaultOptions> = {}): Promise<TestVault> {
  const database = options.database ?? openSqlite(':memory:', vaultDdl)
  let time = NOW_MS
  const keyRing = openKeyRing(new Uint8Array(32).fill(1))
  const vault = await openVault({ database, keyRing, now: () => time++, ...options })
  return {
    ...vault,
    database,
    put: async (...resources) => {
      await vault.writer.write(resources.map((resource) => putOf(resource as Stored)))
    },
    search: (query, permit = permitOf()) => vault.reader.search(permit, parse(query)),
    close: () => database.close(),
  }
}

export function putOf(resource: Stored): Change {
  return { kind: 'put', resource, method: 'PUT' }
}

export function parse(query: string) {
  const mark = query.indexOf('?')
  const pairs = [...new URLSearchParams(mark < 0 ? '' : query.slice(mark + 1))]
  const type = mark < 0 ? query : query.slice(0, mark)
  return parseSearch(type === '' ? null : type, pairs, { now: () => NOW_MS, baseUrl: BASE_URL })
}

const REQUEST = {
  requester: 'a',
  custodian: 'a',
  practitioner: null,
  operator: true,
  purpose: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' },
  emergency: null,
  timeMs: NOW_MS,
}

/** A permit for the scope; everything by default. */
export function permitOf(scope: Partial<Scope> = {}): Permit {
  return mintPermit(REQUEST, { files: new Map(), others: 'all', general: true, ...scope })
}

/** A permit for one patient's record and nothing else. */
export function permitFor(patient: string, filter: DataFilter): Permit {
  return permitOf({ files: new Map([[patient, filter]]), others: 'none', general: false })
}

/** `Type/id` of each match, in order. */
export function namesOf(page: { readonly matches: SearchPage['matches'] }): string[] {
  return page.matches.map(({ type, id }) => `${type}/${id}`)
}

const SYNTHEA = new URL('../../../../../shared/conformance/synthea/', import.meta.url)
export const SYNTHEA_ABSENT: string | false = existsSync(SYNTHEA) ? false : 'the synthetic patients are not there'

/** Bundles of synthetic patients, at most `filesMax` of them, references resolved to `Type/id`. */
export function syntheticBundles(filesMax = 100): Stored[][] {
  const names = readdirSync(SYNTHEA).filter((name) => name.endsWith('.json.gz'))
  const isShared = (name: string): boolean => name.startsWith('hospital') || name.startsWith('practitioner')
  const files = [...names.filter(isShared), ...names.filter((name) => !isShared(name)).slice(0, filesMax)]
  const bundles = files.map((name) => JSON.parse(gunzipSync(readFileSync(new URL(name, SYNTHEA))).toString()) as Bundle)
  const known = new Map<string, string>()
  for (const { fullUrl, resource } of bundles.flatMap(({ entry }) => entry ?? [])) {
    known.set(fullUrl as string, `${resource?.resourceType}/${resource?.id}`)
  }
  const seen = new Set<string>()
  return bundles.map(({ entry }) => {
    const text = JSON.stringify((entry ?? []).map(({ resource }) => resource))
    const resolved = text.replace(/"(urn:uuid:[^"]+)"/g, (whole, url) =>
      known.has(url) ? `"${known.get(url)}"` : whole,
    )
    const resources = JSON.parse(resolved) as Stored[]
    return resources.filter(({ resourceType, id }) => {
      const fresh = !seen.has(`${resourceType}/${id}`)
      seen.add(`${resourceType}/${id}`)
      return fresh
    })
  })
}
