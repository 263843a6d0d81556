/** The tables of authentication. Times are seconds since 1970. */
import type { Ddl } from '../db/database.ts'

export const AUTH_TABLES: Ddl = [
  `CREATE TABLE IF NOT EXISTS oauth_client (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    practitioner TEXT,
    scopes TEXT NOT NULL,
    jwks TEXT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS oauth_assertion (
    client_id TEXT NOT NULL,
    jti_hash TEXT NOT NULL,
    expires_at_s BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti_hash)
  )`,
  'CREATE INDEX IF NOT EXISTS oauth_assertion_expiry ON oauth_assertion (expires_at_s)',
  `CREATE TABLE IF NOT EXISTS oauth_revoked_token (
    jti TEXT PRIMARY KEY,
    expires_at_s BIGINT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS oauth_revoked_token_expiry ON oauth_revoked_token (expires_at_s)',
]
