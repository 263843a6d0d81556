/** The grant of access tokens for client credentials (RFC 6749 section 4.4; SMART Backend Services). */
import { SalusError } from '@salus/core'
import { TOKEN_LIFETIME_S } from '../limits.ts'
import type { AccessTokens, TokenSubject } from './access-tokens.ts'
import { ASSERTION_TYPE, type AssertedClient, type ClientAssertions } from './client-assertion.ts'
import { readMemberUse } from './member-use.ts'
import type { Scope } from './principal.ts'
import { intersectScopes, memberScope, parseScopes, writeScopes } from './scopes.ts'

/** The parameters of a form; no name comes twice (RFC 6749 section 3.2). */
export type Form = ReadonlyMap<string, string>

/** What the token endpoint answers (RFC 6749 section 5.1). */
export interface TokenReply {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
}

/**
 * The client that the form's assertion authenticates.
 * @throws SalusError `oauth-request-malformed`, and the codes of {@link ClientAssertions.authenticate}
 */
export async function authenticateClient(form: Form, assertions: ClientAssertions): Promise<AssertedClient> {
  const assertion = form.get('client_assertion')
  if (form.get('client_assertion_type') !== ASSERTION_TYPE || assertion === undefined) {
    throw new SalusError('client-unauthenticated', 'clients authenticate by a signed assertion (private_key_jwt)')
  }
  const client = await assertions.authenticate(assertion)
  const claimed = form.get('client_id')
  if (claimed !== undefined && claimed !== client.id) {
    throw new SalusError('oauth-request-malformed', 'client_id is not the client that signed the assertion')
  }
  return client
}

/**
 * Answers a request for a token.
 * @throws SalusError `oauth-request-malformed`, `grant-type-unsupported`, `scope-*`, `purpose-*`, `emergency-*`, and
 *   the codes of {@link authenticateClient}
 */
export async function grantToken(form: Form, assertions: ClientAssertions, tokens: AccessTokens): Promise<TokenReply> {
  const grantType = form.get('grant_type')
  if (grantType === undefined) throw new SalusError('oauth-request-malformed', 'grant_type is missing')
  if (grantType !== 'client_credentials') {
    throw new SalusError('grant-type-unsupported', 'the grant type is not client_credentials')
  }
  const client = await authenticateClient(form, assertions)
  const subject = subjectOf(client, parseScopes(form.get('scope') ?? ''))
  if (subject.scopes.length === 0) throw new SalusError('scope-not-granted', 'none of the scopes can be granted')
  return {
    access_token: await tokens.issue(subject, TOKEN_LIFETIME_S),
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_S,
    scope: writeScopes(subject.scopes),
  }
}

function subjectOf(asserted: AssertedClient, requested: readonly Scope[]): TokenSubject {
  if (asserted.kind === 'member') {
    const use = readMemberUse(asserted.id, asserted.claims)
    const scopes = intersectScopes(requested, parseScopes(memberScope(use.practitioner)))
    return { kind: 'member', member: asserted.member, use, scopes }
  }
  const { id, kind, practitioner, scopes } = asserted.client
  return { kind, clientId: id, practitioner, scopes: intersectScopes(requested, scopes) }
}
