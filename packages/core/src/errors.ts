/**
 * The one error type of Salus: a stable code, a message for people, and typed details.
 *
 * Codes are part of the interface: they never change meaning, and clients may switch on them.
 * Messages and details never carry personal data: identifiers of patients, names, or resource content.
 */
export class SalusError extends Error {
  readonly code: string
  /** Facts that help a program or an operator: limits, sizes, hashes. Never personal data. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'SalusError'
    this.code = code
    this.details = details
  }
}

/** True when `error` is a {@link SalusError}, with that code if one is given. */
export function isSalusError(error: unknown, code?: string): error is SalusError {
  return error instanceof SalusError && (code === undefined || error.code === code)
}
