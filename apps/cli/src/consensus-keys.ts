/**
 * `consensus-keys.json` in a member's folder: what its validator signs with, and what peers know its CometBFT by.
 *
 * The consensus key can be replaced while the network runs (run-member.ts). The next key is in the file, durably, before
 * the ledger hears of it, and becomes the key only once the validators of the coming block include it: so at every
 * moment exactly one of the two may sign, and no stop can leave the member without the one that the network counts.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { ed25519Signer, fromHex, type PublicKey, randomBytes, SalusError, type Signer, toHex } from '@salus/core'
import type { ConsensusKey } from '@salus/node'
import { z } from 'zod'
import { readJson } from './network.ts'

const FORMAT = 'salus-consensus-keys/1'
const KeyText = z.string().regex(/^[0-9a-f]{64}$/)
const Stored = z.strictObject({
  format: z.literal(FORMAT),
  consensus: KeyText,
  nextConsensus: KeyText.optional(),
  node: KeyText,
})

/** Ed25519 seeds of 32 bytes each. `nextConsensus` is that of a change that has begun, and null outside of one. */
export interface ConsensusKeys {
  readonly consensus: Uint8Array
  readonly nextConsensus: Uint8Array | null
  readonly node: Uint8Array
}

/** Fresh keys from the system's generator. */
export function makeConsensusKeys(): ConsensusKeys {
  return { consensus: randomBytes(32), nextConsensus: null, node: randomBytes(32) }
}

/** Writes a new file, readable by its owner alone; fails where there is one. */
export function writeConsensusKeys(path: string, keys: ConsensusKeys): void {
  writeFileSync(path, contentOf(keys), { mode: 0o600, flag: 'wx' })
}

function contentOf({ consensus, nextConsensus, node }: ConsensusKeys): string {
  const next = nextConsensus === null ? {} : { nextConsensus: toHex(nextConsensus) }
  return `${JSON.stringify({ format: FORMAT, consensus: toHex(consensus), ...next, node: toHex(node) }, null, 2)}\n`
}

/** The file of a running validator. It signs as the validator does. */
export class ConsensusKeyFile implements ConsensusKey {
  readonly #path: string
  #keys: ConsensusKeys

  private constructor(path: string, keys: ConsensusKeys) {
    this.#path = path
    this.#keys = keys
  }

  /** @throws SalusError `file-not-found`, `keys-malformed` */
  static open(path: string): ConsensusKeyFile {
    const parsed = Stored.safeParse(readJson(path))
    if (!parsed.success) throw new SalusError('keys-malformed', 'the key file of the validator is malformed')
    const { consensus, nextConsensus, node } = parsed.data
    return new ConsensusKeyFile(path, {
      consensus: fromHex(consensus),
      nextConsensus: nextConsensus === undefined ? null : fromHex(nextConsensus),
      node: fromHex(node),
    })
  }

  get keys(): ConsensusKeys {
    return this.#keys
  }

  get publicKey(): PublicKey {
    return ed25519Signer(this.#keys.consensus).publicKey
  }

  /** The public key of a change that has begun, or null. */
  get nextPublicKey(): Uint8Array | null {
    const { nextConsensus } = this.#keys
    return nextConsensus === null ? null : ed25519Signer(nextConsensus).publicKey.bytes
  }

  sign(digest: Uint8Array): Promise<Uint8Array> {
    return ed25519Signer(this.#keys.consensus).sign(digest)
  }

  prepare(): Signer {
    const nextConsensus = this.#keys.nextConsensus ?? randomBytes(32)
    this.#write({ ...this.#keys, nextConsensus })
    return ed25519Signer(nextConsensus)
  }

  /** The next key becomes the validator's. CometBFT must not run with the old one any more. */
  promote(): void {
    const { nextConsensus } = this.#keys
    if (nextConsensus === null) throw new SalusError('internal', 'no change of the consensus key has begun')
    this.#write({ ...this.#keys, consensus: nextConsensus, nextConsensus: null })
  }

  #write(keys: ConsensusKeys): void {
    const next = `${this.#path}.next`
    const descriptor = openSync(next, 'w', 0o600)
    try {
      writeSync(descriptor, contentOf(keys))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(next, this.#path)
    this.#keys = keys
  }
}
