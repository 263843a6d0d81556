/**
 * Who validates. A ledger whose genesis file names validators keeps at least one of them for ever: without any, nobody
 * could make the block that brings one back.
 */
import { type GenesisContent, VALIDATORS_MAX } from '@salus/core'
import { refuse, type State } from '../kit.ts'
import { type ValidatorsRow, validatorKeys, validators } from './tables.ts'

/** The refusal of whatever would take out the last validator. */
export const LAST_VALIDATOR = { 'last-validator': 'Nobody would be left to make blocks.' } as const

/** Writes the validators of the genesis file, if its engine has any. */
export function startValidators(state: State, { engine }: GenesisContent): void {
  if (engine.kind !== 'cometbft') return
  validators.put(state, engine.validators)
  for (const { memberId, publicKey } of engine.validators) validatorKeys.put(state, { memberId }, publicKey)
}

/** Whether the member is the only validator. */
export function isLastValidator(state: State, memberId: string): boolean {
  const row = validators.get(state)
  return row?.length === 1 && row[0]?.memberId === memberId
}

/** Makes `publicKey` the consensus key of the member, in the place of the one it has; refuses where there is no room. */
export function enterValidator(state: State, row: ValidatorsRow, memberId: string, publicKey: Uint8Array): void {
  const place = row.findIndex((validator) => validator.memberId === memberId)
  if (place < 0 && row.length >= VALIDATORS_MAX) refuse('validators-full', 'there is no room for another validator')
  const entered = { memberId, publicKey }
  validators.put(state, place < 0 ? [...row, entered] : row.with(place, entered))
  validatorKeys.put(state, { memberId }, publicKey)
}

/** Takes the member out, which the caller knows not to be the last one; leaves the row alone when it is not in. */
export function removeValidator(state: State, memberId: string): void {
  const row = validators.get(state)
  if (!row?.some((validator) => validator.memberId === memberId)) return
  validators.put(
    state,
    row.filter((validator) => validator.memberId !== memberId),
  )
}
