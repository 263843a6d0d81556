/**
 * The gate between the API and the vault. Every release of data goes through `open`, which decides and returns a
 * passage holding the permit, and `close`, which writes the disclosure durably before the reply may leave. A refusal
 * is written the same way and then thrown as `access-refused`.
 */
import type { Principal } from '../auth/principal.ts'
import type { Permit } from '../consent/permit.ts'
import type { StoredVersion } from '../vault/vault.ts'
import type { Purpose } from './purpose.ts'

export const INTERACTIONS = [
  'read',
  'vread',
  'history-instance',
  'history-type',
  'history-system',
  'search-type',
  'search-system',
  'everything',
  'proof',
  'create',
  'update',
  'delete',
  'import',
] as const
export type Interaction = (typeof INTERACTIONS)[number]

/**
 * What is asked for. `patients` are the Patient ids that the request names, `instance` the resource it names; both
 * empty means a search over every record that the requester may see.
 */
export interface Ask {
  readonly interaction: Interaction
  readonly patients: readonly string[]
  readonly instance: { readonly type: string; readonly id: string } | null
  readonly purpose: Purpose
}

export interface Passage {
  readonly permit: Permit
  /**
   * Records what was released, and the patients whose resources were only counted; resolves once durable. Call it once,
   * before the reply.
   */
  close(released: readonly StoredVersion[], counted?: readonly string[]): Promise<void>
  /**
   * Records that the resource asked for is not covered, and throws `access-refused` for other members, so that
   * absent and withheld look alike. Returns for the member's own users, who get an ordinary 404 or 410.
   */
  notFound(): Promise<void>
}

export interface Gate {
  /** @throws SalusError `access-refused` (details: reason), once the refusal is durable where it must be logged. */
  open(principal: Principal, ask: Ask): Promise<Passage>
}
