/** The portal's tables: staff with their passkeys and sessions, links that serve once, invitations of patients. */
import type { Ddl } from '../db/database.ts'

/** Secrets stand here as SHA-256 alone: who reads the database cannot use them. Times are milliseconds since 1970. */
export const PORTAL_TABLES: Ddl = [
  `CREATE TABLE IF NOT EXISTS portal_user (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    practitioner TEXT,
    scopes TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1
  )`,
  `CREATE TABLE IF NOT EXISTS portal_passkey (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter BIGINT NOT NULL,
    transports TEXT NOT NULL,
    label TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
  )`,
  'CREATE INDEX IF NOT EXISTS portal_passkey_user ON portal_passkey (user_id)',
  `CREATE TABLE IF NOT EXISTS portal_session (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    csrf TEXT NOT NULL,
    user_id TEXT NOT NULL,
    device TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    proved_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS portal_session_user ON portal_session (user_id)',
  `CREATE TABLE IF NOT EXISTS portal_sign_in_link (
    secret_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS portal_invitation (
    secret_hash TEXT PRIMARY KEY,
    patient TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS portal_access_request (
    id TEXT PRIMARY KEY,
    file_id TEXT NOT NULL,
    patient TEXT NOT NULL,
    requester TEXT NOT NULL,
    practitioner TEXT,
    practitioner_name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    types TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT
  )`,
  'CREATE INDEX IF NOT EXISTS portal_access_request_file ON portal_access_request (file_id, made_at_ms)',
]
