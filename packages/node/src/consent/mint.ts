/**
 * Where permits come from. A rule of .dependency-cruiser.mjs lets consent/ and tests import this file, and nothing
 * else; so who can read the vault is decided in this folder alone.
 */
import type { Permit, Scope } from './permit.ts'
import type { AccessRequest } from './request.ts'

/** Makes a permit. For the decision engine alone. */
export function mintPermit(request: AccessRequest, scope: Scope): Permit {
  return Object.freeze({ request, scope }) as unknown as Permit
}
