/**
 * Where permits come from. A rule of .dependency-cruiser.mjs lets consent/ and tests import this file, and nothing
 * else; so who can read the vault is decided in this folder alone.
 */
import type { Scope } from './permit.ts'
import type { AccessRequest } from './request.ts'

/**
 * A class with private fields, because TypeScript compares those by declaration: no literal, and no copy made by
 * spreading a permit, has them, so neither passes for one.
 */
class MintedPermit {
  readonly #request: AccessRequest
  readonly #scope: Scope

  constructor(request: AccessRequest, scope: Scope) {
    this.#request = request
    this.#scope = scope
  }

  get request(): AccessRequest {
    return this.#request
  }

  get scope(): Scope {
    return this.#scope
  }
}

export type Permit = MintedPermit

/** Makes a permit. For the decision engine alone. */
export function mintPermit(request: AccessRequest, scope: Scope): Permit {
  return new MintedPermit(request, scope)
}
