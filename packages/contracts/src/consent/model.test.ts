import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsentRow } from '@salus/core'
import fc from 'fast-check'
import { hash, id, MemoryLedger, testKey } from '../../test/memory-ledger.ts'
import { checkModel, type Model } from '../../test/model.ts'
import { call, consent, consents, grant, replace, revoke } from '../index.ts'

const KEYS = [testKey('one'), testKey('two')] as const
const NAMES = ['a', 'b', 'c', 'd', 'e'] as const

const who = fc.constantFrom(...KEYS)
const name = fc.constantFrom(...NAMES)
const lifetimeMs = fc.option(fc.integer({ min: -1, max: 5 }))
const step = fc.oneof(
  fc.record({ kind: fc.constant('grant'), who, name, lifetimeMs }),
  fc.record({ kind: fc.constant('revoke'), who, name }),
  fc.record({ kind: fc.constant('replace'), who, name, newName: name, lifetimeMs }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class ConsentModel implements Model<Step> {
  readonly #rows = new Map<string, ConsentRow>()
  readonly #ledger: MemoryLedger

  constructor(ledger: MemoryLedger) {
    this.#ledger = ledger
  }

  command(step: Step) {
    const { kind, who, name } = step
    if (kind === 'revoke') return { signer: who, command: call(consent, revoke, { consentId: id(name) }) }
    const expiresAtMs = expiry(step, this.#ledger.timeMs)
    if (kind === 'grant') {
      const args = { consentId: id(name), commitment: hash(name), expiresAtMs }
      return { signer: who, command: call(consent, grant, args) }
    }
    const { newName } = step
    const args = { consentId: id(name), newConsentId: id(newName), commitment: hash(newName), expiresAtMs }
    return { signer: who, command: call(consent, replace, args) }
  }

  apply(step: Step, timeMs: number): readonly string[] {
    const broken: string[] = []
    const { kind, who, name } = step
    const old = this.#rows.get(name)
    if (kind !== 'grant') {
      if (!old) broken.push('consent-unknown')
      if (old && old.controller !== who.publicKey) broken.push('not-the-controller')
      if (old && old.status !== 'active') broken.push('consent-not-active')
    }
    const newName = kind === 'grant' ? name : kind === 'replace' ? step.newName : undefined
    const expiresAtMs = kind === 'revoke' ? null : expiry(step, timeMs)
    if (newName && this.#rows.has(newName)) broken.push('consent-exists')
    if (expiresAtMs !== null && expiresAtMs <= timeMs) broken.push('consent-expiry-past')
    if (broken.length > 0) return broken
    if (old && kind === 'revoke') this.#rows.set(name, { ...old, status: 'revoked', endedAtMs: timeMs })
    if (old && kind === 'replace') {
      this.#rows.set(name, { ...old, status: 'replaced', endedAtMs: timeMs, replacedBy: id(step.newName) })
    }
    if (newName) this.#rows.set(newName, fresh(newName, who.publicKey, timeMs, expiresAtMs))
    return broken
  }

  compare(ledger: MemoryLedger): void {
    for (const name of NAMES) assert.deepEqual(consents.get(ledger.state, id(name)), this.#rows.get(name))
  }
}

function expiry(step: { readonly lifetimeMs: number | null }, timeMs: number): number | null {
  return step.lifetimeMs === null ? null : timeMs + step.lifetimeMs
}

function fresh(
  name: string,
  controller: ConsentRow['controller'],
  grantedAtMs: number,
  expiresAtMs: number | null,
): ConsentRow {
  const ended = { endedAtMs: null, replacedBy: null }
  return { commitment: hash(name), controller, status: 'active', grantedAtMs, expiresAtMs, ...ended }
}

test('consent behaves like its model', () => {
  const start = () => {
    const ledger = new MemoryLedger()
    return { ledger, model: new ConsentModel(ledger) }
  }
  checkModel(step, start, { numRuns: 150, maxLength: 40 })
})
