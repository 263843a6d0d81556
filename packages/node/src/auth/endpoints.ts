/** Where a member's authorization server is: the same below every member's URL, so that the ledger need not say. */

export interface Endpoints {
  /** The member's URL; its authorization server is called by it (RFC 8414 section 2). */
  readonly issuer: string
  /** The audience of access tokens. */
  readonly fhir: string
  readonly token: string
  readonly jwks: string
  readonly introspection: string
  readonly revocation: string
}

/** The endpoints below a member's URL. */
export function endpointsOf(memberUrl: string): Endpoints {
  const issuer = memberUrl.replace(/\/+$/, '')
  return {
    issuer,
    fhir: `${issuer}/fhir`,
    token: `${issuer}/oauth/token`,
    jwks: `${issuer}/oauth/jwks`,
    introspection: `${issuer}/oauth/introspect`,
    revocation: `${issuer}/oauth/revoke`,
  }
}
