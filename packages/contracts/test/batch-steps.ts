/** What the models of the contracts over files share. */
import { CHAIN_START, type Domain, type FileBatch, nextChainHead } from '@salus/core'
import fc from 'fast-check'
import { batch } from './files.ts'
import { ada, bert, cleo, fourMembers, stranger, suspendAda } from './members.ts'
import type { MemoryLedger } from './memory-ledger.ts'

export const FILES = ['x', 'y', 'z'] as const

/** The ledger on which these models start: Ada is suspended. */
export function start(): MemoryLedger {
  return suspendAda(fourMembers())
}

const ACTORS = { ada: ada.key, bert: bert.key, cleo: cleo.key, stranger }
export type Actor = keyof typeof ACTORS

/** Mostly Bert and Cleo, who may act. */
export const actor: fc.Arbitrary<Actor> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('bert', 'cleo') },
  { weight: 1, arbitrary: fc.constantFrom('ada', 'stranger') },
)

export function signer(actor: Actor) {
  return ACTORS[actor]
}

/** The rule about signers that this one breaks. */
export function brokenBySigner(actor: Actor): string[] {
  return actor === 'ada' ? ['member-suspended'] : actor === 'stranger' ? ['not-a-member'] : []
}

export const file: fc.Arbitrary<(typeof FILES)[number]> = fc.constantFrom(...FILES)

/** One file's part of a batch, by name. */
export interface Part {
  readonly file: string
  readonly count: number
  readonly emergencies: number
}

/** Parts that mostly break no rule: few are empty, and few have emergencies. */
export const parts: fc.Arbitrary<Part[]> = fc.array(
  fc.record({
    file,
    count: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) }, { weight: 1, arbitrary: fc.constant(0) }),
    emergencies: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(3) }),
  }),
  { minLength: 1, maxLength: 3 },
)

export function batches(of: readonly Part[]): readonly FileBatch[] {
  return of.map(({ file, count, emergencies }) => batch(file, count, emergencies))
}

/** The rules of every batch that these parts break. */
export function brokenByParts(of: readonly Part[]): string[] {
  const broken: string[] = []
  if (of.some(({ count }) => count === 0)) broken.push('batch-empty')
  if (new Set(of.map(({ file }) => file)).size < of.length) broken.push('file-repeated')
  return broken
}

/** The head of a chain over these parts. */
export function head(domain: Domain, chain: readonly Part[]): Uint8Array {
  return batches(chain).reduce((before, next) => nextChainHead(domain, before, next), CHAIN_START)
}

/** The sum of a counter over these parts. */
export function total(chain: readonly Part[], counter: 'count' | 'emergencies'): number {
  return chain.reduce((sum, part) => sum + part[counter], 0)
}
