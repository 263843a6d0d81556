/** What the authorization server says of itself. */
import { ASSERTION_ALGORITHMS } from './clients.ts'
import type { Endpoints } from './endpoints.ts'

/** Authorization server metadata (RFC 8414 section 2). There is no authorization endpoint, so no response type. */
export function serverMetadata(endpoints: Endpoints): Record<string, unknown> {
  const clientAuthentication = {
    methods: ['private_key_jwt'],
    algorithms: [...ASSERTION_ALGORITHMS],
  }
  return {
    issuer: endpoints.issuer,
    token_endpoint: endpoints.token,
    jwks_uri: endpoints.jwks,
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    scopes_supported: ['system/*.cruds', 'user/*.cruds', 'system/*.rs', 'user/*.rs'],
    token_endpoint_auth_methods_supported: clientAuthentication.methods,
    token_endpoint_auth_signing_alg_values_supported: clientAuthentication.algorithms,
    revocation_endpoint_auth_methods_supported: clientAuthentication.methods,
    revocation_endpoint_auth_signing_alg_values_supported: clientAuthentication.algorithms,
  }
}

/** SMART configuration (SMART App Launch 2, conformance): the same, with its capabilities. */
export function smartConfiguration(endpoints: Endpoints): Record<string, unknown> {
  return {
    ...serverMetadata(endpoints),
    code_challenge_methods_supported: ['S256'],
    capabilities: ['client-confidential-asymmetric', 'permission-user', 'permission-v1', 'permission-v2'],
  }
}
