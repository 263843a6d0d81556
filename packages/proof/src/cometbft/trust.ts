/**
 * Trust that goes from header to header, as CometBFT's light client lets it go (CometBFT specification, "Light Client
 * Verification"): skipping, with trust level 1/3. A header is taken over when more than 2/3 of its own validators
 * signed it and, beyond the next height, more than 1/3 of those that are trusted already; for the next height, its
 * validators are those that the trusted header announces. Heights and times rise, and the next header is within the
 * trusting period.
 */
import {
  type CometHeader,
  type CometTime,
  type CometValidator,
  type CommitHop,
  chainIdOf,
  cometTimeMs,
  ed25519Verify,
  equalBytes,
  type Genesis,
  SalusError,
  toHex,
  VALIDATOR_POWER,
} from '@salus/core'
import { headerHash, precommitBytes, sortValidators, validatorsHash } from './encoding.ts'

/** A header that is trusted, and by which the next one may be. */
export interface Trust {
  readonly chainId: string
  readonly trustingPeriodMs: number
  readonly height: number
  readonly time: CometTime
  readonly validators: readonly CometValidator[]
  readonly nextValidatorsHash: Uint8Array
}

type Network = Extract<Genesis['engine'], { kind: 'cometbft' }>

/** The trust that a genesis file gives: its validators, as if they had committed a header of height 0. */
export function genesisTrust({ ledgerId, timeMs }: Genesis, { trustingPeriodMs, validators }: Network): Trust {
  const set = sortValidators(validators.map(({ publicKey }) => ({ publicKey, power: VALIDATOR_POWER })))
  return {
    chainId: chainIdOf(ledgerId),
    trustingPeriodMs,
    height: 0,
    time: { seconds: Math.floor(timeMs / 1000), nanos: (timeMs % 1000) * 1_000_000 },
    validators: set,
    nextValidatorsHash: validatorsHash(set),
  }
}

/**
 * The trust that `hop` gives to whoever has `trust`. What costs little is checked first.
 * @throws SalusError `checkpoint-commit-chain`, `checkpoint-commit-order`, `checkpoint-commit-expired`,
 *   `checkpoint-commit-malformed`, `checkpoint-commit-validators`, `checkpoint-commit-trust`,
 *   `checkpoint-commit-power`, `checkpoint-commit-signature`
 */
export function followHop(trust: Trust, hop: CommitHop): Trust {
  const { header, commit, validators } = hop
  checkPlace(trust, header)
  checkValidators(hop)
  const signers = validators.filter((_, i) => commit.signatures[i] !== null)
  if (header.height === trust.height + 1) checkAnnounced(trust, header)
  else checkOverlap(trust, signers, header)
  checkPower('checkpoint-commit-power', 2, powerOf(signers), powerOf(validators), header)
  checkSignatures(hop)
  return {
    ...trust,
    height: header.height,
    time: header.time,
    validators,
    nextValidatorsHash: header.next_validators_hash,
  }
}

function checkPlace({ chainId, height, time, trustingPeriodMs }: Trust, header: CometHeader): void {
  if (header.chain_id !== chainId) {
    throw refusal('chain', 'a header is of another network', header, { expected: chainId, found: header.chain_id })
  }
  const later = header.time.seconds - time.seconds || header.time.nanos - time.nanos
  // The first block has the time of the genesis file.
  const isLater = later > 0 || (later === 0 && header.height === 1)
  if (header.height <= height || !isLater) {
    throw refusal('order', 'heights and times of headers do not rise', header, { trustedHeight: height })
  }
  const elapsedMs = cometTimeMs(header.time) - cometTimeMs(time)
  if (elapsedMs >= trustingPeriodMs) {
    throw refusal('expired', 'a header is beyond the trusting period', header, { elapsedMs, trustingPeriodMs })
  }
}

/** The set is that of the header, whose hash binds keys, powers and order; each has a place in the commit. */
function checkValidators({ header, commit, validators }: CommitHop): void {
  const isForm =
    commit.signatures.length === validators.length &&
    validators.every(({ power }) => power > 0) &&
    new Set(validators.map(({ publicKey }) => toHex(publicKey))).size === validators.length
  if (!isForm) throw refusal('malformed', 'validators and signatures do not belong together', header)
  const hash = validatorsHash(validators)
  if (!equalBytes(hash, header.validators_hash)) {
    throw refusal('validators', 'the validators are not those of the header', header, {
      expected: toHex(header.validators_hash),
      found: toHex(hash),
    })
  }
}

function checkAnnounced({ nextValidatorsHash }: Trust, header: CometHeader): void {
  if (!equalBytes(header.validators_hash, nextValidatorsHash)) {
    throw refusal('trust', 'the validators are not those that the header before announces', header, {
      expected: toHex(nextValidatorsHash),
      found: toHex(header.validators_hash),
    })
  }
}

function checkOverlap(trust: Trust, signers: readonly CometValidator[], header: CometHeader): void {
  const signing = new Set(signers.map(({ publicKey }) => toHex(publicKey)))
  const trusted = trust.validators.filter(({ publicKey }) => signing.has(toHex(publicKey)))
  checkPower('checkpoint-commit-trust', 1, powerOf(trusted), powerOf(trust.validators), header)
}

/** More than so many thirds of the power. */
function checkPower(code: string, thirds: number, signed: number, total: number, { height }: CometHeader): void {
  if (3 * signed > thirds * total) return
  throw new SalusError(code, 'too little of the voting power signed', { height, signed, total, thirds })
}

function powerOf(validators: readonly CometValidator[]): number {
  return validators.reduce((sum, { power }) => sum + power, 0)
}

/** Every signature that is given must hold, needed or not: a byte that nobody checks would mean nothing. */
function checkSignatures({ header, commit, validators }: CommitHop): void {
  const id = { hash: headerHash(header), parts: commit.parts }
  for (const [i, given] of commit.signatures.entries()) {
    if (given === null) continue
    const { publicKey } = validators[i] as CometValidator
    if (!ed25519Verify(publicKey, precommitBytes(header, commit.round, id, given.time), given.signature)) {
      throw refusal('signature', 'the signature of a validator does not hold', header, {
        validator: toHex(publicKey),
        block: toHex(id.hash),
      })
    }
  }
}

function refusal(
  code: string,
  why: string,
  { height }: CometHeader,
  details: Record<string, unknown> = {},
): SalusError {
  return new SalusError(`checkpoint-commit-${code}`, `the evidence of the commit does not hold: ${why}`, {
    height,
    ...details,
  })
}
