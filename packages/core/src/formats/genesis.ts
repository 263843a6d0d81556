/**
 * The genesis file: the one thing that a verifier must have and trust. The ledger's id is the hash of its exact
 * bytes, and every checkpoint names that id, so a changed byte makes another ledger (docs/spec/genesis.md).
 */
import { toHex, utf8 } from '../bytes.ts'
import { SalusError } from '../errors.ts'
import { DOMAIN, domainHash } from '../hash.ts'
import { json, readJsonFile, type ShapeOf, writeJsonFile } from '../json-shape.ts'
import { TRUSTING_PERIOD_MS_MAX, VALIDATORS_MAX } from './cometbft.ts'
import { MEMBER_ROLES } from './state-rows.ts'

/** Most members that a genesis can name; more are admitted by vote. */
export const GENESIS_MEMBERS_MAX = 1000

const GenesisMember = json.object({
  id: json.text(32),
  handle: json.text(32),
  name: json.text(128),
  roles: json.array(json.oneOf(...MEMBER_ROLES), 1, MEMBER_ROLES.length),
  signingKey: json.hex(32),
  encryptionKey: json.hex(32),
  url: json.text(256),
})
export type GenesisMember = ShapeOf<typeof GenesisMember>

/**
 * Who agrees on blocks. `embedded`: one writer, whose key signs checkpoints. `cometbft`: members with a consensus key
 * each and the same power; a header follows from another only within the trusting period. All keys are Ed25519.
 */
const GenesisEngine = json.variant({
  embedded: { publicKey: json.hex(32) },
  cometbft: {
    trustingPeriodMs: json.uint(TRUSTING_PERIOD_MS_MAX),
    validators: json.array(json.object({ memberId: json.text(32), publicKey: json.hex(32) }), 1, VALIDATORS_MAX),
  },
})
export type GenesisEngine = ShapeOf<typeof GenesisEngine>

/** `protocol` is the version of the rules at height 1. */
const GenesisContent = json.object({
  format: json.literal('salus-genesis/1'),
  network: json.text(64),
  timeMs: json.uint(),
  protocol: json.uint(),
  engine: GenesisEngine,
  members: json.array(GenesisMember, 1, GENESIS_MEMBERS_MAX),
})
export type GenesisContent = ShapeOf<typeof GenesisContent>

/** A genesis with the id of its ledger (32 bytes). */
export interface Genesis extends GenesisContent {
  readonly ledgerId: Uint8Array
}

/** The id that a member keeps for life, from the name and the first signing key it was admitted with. */
export function memberId(name: string, signingKey: Uint8Array): string {
  return toHex(domainHash(DOMAIN.memberId, signingKey, utf8(name)).subarray(0, 16))
}

/** The exact text of the genesis file. */
export function writeGenesis(content: GenesisContent): string {
  return writeJsonFile(GenesisContent, content)
}

/**
 * Reads a genesis file.
 * @throws SalusError `genesis-malformed`
 */
export function readGenesis(content: string): Genesis {
  try {
    const genesis = readJsonFile(GenesisContent, content)
    for (const member of genesis.members) {
      if (member.id !== memberId(member.name, member.signingKey)) {
        throw new SalusError('genesis-member-id', 'the id of a member is not derived from its name and key')
      }
    }
    if (!isDistinct(genesis.members.map(({ signingKey }) => toHex(signingKey)))) {
      throw new SalusError('genesis-member-key', 'two members have the same signing key')
    }
    checkEngine(genesis)
    return { ...genesis, ledgerId: domainHash(DOMAIN.ledgerId, utf8(content)) }
  } catch (cause) {
    throw new SalusError('genesis-malformed', 'the genesis file is not valid', {}, cause)
  }
}

function checkEngine({ engine, members }: GenesisContent): void {
  if (engine.kind !== 'cometbft') return
  if (engine.trustingPeriodMs === 0) {
    throw new SalusError('genesis-trusting-period', 'no header could follow from another')
  }
  const ids = new Set(members.map(({ id }) => id))
  if (!engine.validators.every(({ memberId }) => ids.has(memberId))) {
    throw new SalusError('genesis-validator', 'a validator is no member')
  }
  const isOnce =
    isDistinct(engine.validators.map(({ memberId }) => memberId)) &&
    isDistinct(engine.validators.map(({ publicKey }) => toHex(publicKey)))
  if (!isOnce) throw new SalusError('genesis-validator', 'two validators are one member or have the same key')
}

function isDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}

/** The origin line of this ledger's checkpoints, which is also the name of the key that signs them. */
export function checkpointOrigin(genesis: { ledgerId: Uint8Array }): string {
  return `salus/${toHex(genesis.ledgerId)}`
}
