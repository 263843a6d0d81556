import {
  bytes,
  DOMAIN,
  domainHash,
  fromHex,
  type Infer,
  nullable,
  struct,
  VALIDATORS_MAX,
  verifySignature,
} from '@salus/core'
import { type CommandDefinition, refuse } from '../kit.ts'
import { activeMember, MEMBER_REFUSALS } from './signer.ts'
import { validatorKeys, validators } from './tables.ts'
import { enterValidator, isLastValidator, LAST_VALIDATOR, removeValidator } from './validators.ts'

/** `key` is null to leave; `proof` is the new key's Ed25519 signature of {@link validatorKeyDigest}. */
export const SetValidatorArgs = struct({ key: nullable(struct({ publicKey: bytes(32), proof: bytes(64) })) })
export type SetValidatorArgs = Infer<typeof SetValidatorArgs>

/** What a consensus key signs to validate for `memberId`: 32 bytes, over the id's 16 bytes and the key's 32. */
export function validatorKeyDigest(memberId: string, publicKey: Uint8Array): Uint8Array {
  return domainHash(DOMAIN.validatorKey, fromHex(memberId), publicKey)
}

export const setValidator: CommandDefinition<SetValidatorArgs> = {
  name: 'set-validator',
  doc:
    'A member begins to validate, changes its consensus key, or leaves the validators, with `key` null. The new key ' +
    `signs too: \`proof\` is its Ed25519 signature of SHA-256 over \`${DOMAIN.validatorKey}\`, a zero byte, the 16 ` +
    "bytes of the member's id, and the key. The signing key of the member has no part in this, and its rotation " +
    'leaves the validator as it is. Suspension takes a validator out; reinstatement does not bring it back.',
  args: SetValidatorArgs,
  refusals: {
    ...MEMBER_REFUSALS,
    'validators-not-used': 'The engine of this ledger has no validators.',
    ...LAST_VALIDATOR,
    'not-a-validator': 'The member that would leave does not validate.',
    'validator-key-used': 'The key is, or once was, the consensus key of another member.',
    'validator-proof-invalid': 'The proof is not the signature of the key for this member.',
    'validators-full': `There are ${VALIDATORS_MAX} validators already.`,
  },
  execute: (context, { key }) => {
    const { state } = context
    const { id } = activeMember(context)
    const row = validators.get(state)
    if (row === undefined) return refuse('validators-not-used', 'the engine of this ledger has no validators')
    if (key === null) {
      if (!row.some(({ memberId }) => memberId === id)) refuse('not-a-validator', 'the member does not validate')
      if (isLastValidator(state, id)) refuse('last-validator', 'nobody would be left to make blocks')
      return removeValidator(state, id)
    }
    const { publicKey, proof } = key
    const owner = validatorKeys.get(state, publicKey)
    if (owner !== undefined && owner.memberId !== id) {
      refuse('validator-key-used', 'the key is, or once was, that of another member')
    }
    if (!verifySignature({ scheme: 'ed25519', bytes: publicKey }, validatorKeyDigest(id, publicKey), proof)) {
      refuse('validator-proof-invalid', 'the proof is not the signature of the key for this member')
    }
    enterValidator(state, row, id, publicKey)
  },
}
