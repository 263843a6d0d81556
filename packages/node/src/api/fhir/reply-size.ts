/**
 * How much of the vault one reply may hold in memory. Resources are counted before they are recorded and released, so
 * that what is refused was not disclosed; the entries of a bundle share what the bundle may have.
 */
import { SalusError } from '@salus/core'
import type { StoredVersion } from '../../vault/vault.ts'
import type { FhirReply } from './interaction.ts'

export function textBytes(versions: readonly StoredVersion[]): number {
  return versions.reduce((bytes, { text }) => bytes + Buffer.byteLength(text), 0)
}

/** @throws SalusError `reply-too-large` */
export function requireReplySize(
  { replyBytesMax }: { readonly replyBytesMax: number },
  versions: readonly StoredVersion[],
): void {
  if (textBytes(versions) > replyBytesMax) throw replyTooLarge()
}

export function replyTooLarge(): SalusError {
  return new SalusError('reply-too-large', 'the reply would be too large: ask for less at once')
}

/** What the entries of a bundle that are still to come may hold. */
export class ReplyBudget {
  #bytesLeft: number

  constructor(replyBytesMax: number) {
    this.#bytesLeft = replyBytesMax
  }

  get bytesLeft(): number {
    return this.#bytesLeft
  }

  /** Takes off what an entry's reply holds; links and outcomes may take it a little below nothing. */
  spend({ body }: FhirReply): void {
    this.#bytesLeft = Math.max(0, this.#bytesLeft - Buffer.byteLength(body))
  }
}
