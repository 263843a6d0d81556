import { bytes, DOMAIN, domainHash, fromHex, type Infer, struct, verifySignature } from '@salus/core'
import { type CommandDefinition, refuse } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from './signer.ts'
import { keys, members } from './tables.ts'

/** `proof` is the new key's Ed25519 signature of {@link keyRotationDigest}. */
export const RotateKeyArgs = struct({ newSigningKey: bytes(32), proof: bytes(64) })
export type RotateKeyArgs = Infer<typeof RotateKeyArgs>

/** What a new key signs to become the key of `memberId`: 32 bytes, over the id's 16 bytes and the new key's 32. */
export function keyRotationDigest(memberId: string, newSigningKey: Uint8Array): Uint8Array {
  return domainHash(DOMAIN.keyRotation, fromHex(memberId), newSigningKey)
}

export const rotateKey: CommandDefinition<RotateKeyArgs> = {
  name: 'rotate-key',
  doc:
    'A member replaces its signing key. The new key signs too, so that nobody can take over the key of somebody else: ' +
    `\`proof\` is its Ed25519 signature of SHA-256 over \`${DOMAIN.keyRotation}\`, a zero byte, the 16 bytes of the ` +
    "member's id, and the new key. " +
    'The old key stops at once, with the next command of the same transaction. Whoever has lost its key, or had it ' +
    'stolen, cannot use this: the other members suspend it and admit it anew under another key.',
  args: RotateKeyArgs,
  refusals: {
    ...MEMBER_REFUSALS,
    'key-already-used': 'The new key is, or once was, the key of a member.',
    'key-proof-invalid': 'The proof is not the signature of the new key for this member.',
  },
  execute: (context, { newSigningKey, proof }) => {
    const { state, timeMs } = context
    const { id, row } = activeMember(context)
    if (keys.get(state, newSigningKey) !== undefined) {
      refuse('key-already-used', 'the new key is, or once was, the key of a member')
    }
    const newKey = { scheme: 'ed25519', bytes: newSigningKey } as const
    if (!verifySignature(newKey, keyRotationDigest(id, newSigningKey), proof)) {
      refuse('key-proof-invalid', 'the proof is not the signature of the new key for this member')
    }
    keys.put(state, { memberId: id, sinceMs: row.keySinceMs, untilMs: timeMs }, row.signingKey)
    keys.put(state, { memberId: id, sinceMs: timeMs, untilMs: null }, newSigningKey)
    members.put(state, { ...row, signingKey: newSigningKey, keySinceMs: timeMs }, id)
  },
}
