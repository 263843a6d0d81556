/** Errors of the authorization server on the wire (RFC 6749 section 5.2; RFC 7009 section 2.2.1). */
import { SalusError } from '@salus/core'

export interface OAuthErrorReply {
  readonly status: number
  readonly body: { readonly error: string; readonly error_description: string }
}

const EXACT: Readonly<Record<string, readonly [status: number, error: string]>> = {
  'oauth-request-malformed': [400, 'invalid_request'],
  'assertion-use-malformed': [400, 'invalid_request'],
  'grant-type-unsupported': [400, 'unsupported_grant_type'],
  'client-unauthenticated': [401, 'invalid_client'],
  'client-unknown': [401, 'invalid_client'],
  'member-suspended': [401, 'invalid_client'],
  'client-not-owner': [400, 'unauthorized_client'],
  'not-an-operator': [403, 'access_denied'],
  'assertions-too-many': [429, 'temporarily_unavailable'],
}

const BY_PREFIX: readonly (readonly [prefix: string, status: number, error: string])[] = [
  ['assertion-', 401, 'invalid_client'],
  ['token-', 401, 'invalid_token'],
  ['scope-', 400, 'invalid_scope'],
  ['purpose-', 400, 'invalid_request'],
  ['emergency-', 400, 'invalid_request'],
]

/** The reply for an error; `error_description` begins with the stable code. Unknown errors tell nothing. */
export function oauthErrorReply(error: unknown): OAuthErrorReply {
  if (error instanceof SalusError) {
    const [status, name] = EXACT[error.code] ?? byPrefix(error.code) ?? SERVER_ERROR
    const told = status === 500 ? 'internal: the node failed' : `${error.code}: ${error.message}`
    return { status, body: { error: name, error_description: told } }
  }
  const { statusCode } = error as { statusCode?: unknown }
  if (statusCode === 429) {
    return reply(429, 'temporarily_unavailable', 'too-many-requests: too many requests from this address')
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return reply(statusCode, 'invalid_request', 'oauth-request-malformed: the request is malformed')
  }
  return reply(...SERVER_ERROR, 'internal: the node failed')
}

const SERVER_ERROR = [500, 'server_error'] as const

function byPrefix(code: string): readonly [number, string] | undefined {
  const found = BY_PREFIX.find(([prefix]) => code.startsWith(prefix))
  return found && [found[1], found[2]]
}

function reply(status: number, error: string, description: string): OAuthErrorReply {
  return { status, body: { error, error_description: description } }
}
