/** Secrets that a browser holds: 256 random bits in base64url. The node keeps their hash. */
import { createHash, randomBytes } from 'node:crypto'

/** 43 characters. */
export const SECRET = /^[A-Za-z0-9_-]{43}$/

export function makeSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
