/** HTTP status by error code, for every door of the node. Codes not listed here are the caller's mistake: 400. */
const STATUS: Readonly<Record<string, number>> = {
  'access-refused': 403,
  'insufficient-scope': 403,
  'write-not-allowed': 403,
  'not-the-patient': 403,
  'not-an-operator': 403,
  'not-a-member': 403,
  'session-csrf': 403,
  'step-up-required': 403,
  'user-inactive': 403,
  'sign-in-link-invalid': 403,
  'passkey-refused': 403,
  'invitation-invalid': 403,
  'member-inactive': 403,
  'member-suspended': 403,
  'not-found': 404,
  'patient-unknown': 404,
  'disclosure-unknown': 404,
  'commitment-unknown': 404,
  'consent-unknown': 404,
  'member-unknown': 404,
  'tile-unknown': 404,
  'user-unknown': 404,
  'access-request-unknown': 404,
  'session-missing': 401,
  gone: 410,
  'patient-erased': 410,
  'not-committed-yet': 409,
  'version-conflict': 409,
  'consent-exists': 409,
  'already-enrolled': 409,
  'too-many-requests': 429,
  'outbox-full': 503,
  'outbox-stalled': 503,
  'journal-failed': 503,
  'ledger-full': 503,
  'ledger-closed': 503,
  'ledger-failed': 503,
  'ledger-unreachable': 503,
  internal: 500,
}

/** The HTTP status of an error code. */
export function statusOf(code: string): number {
  const status = STATUS[code]
  if (status !== undefined) return status
  if (code.startsWith('token-') || code.startsWith('patient-signature-')) return 401
  return 400
}
