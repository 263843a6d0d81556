import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOMAIN } from '@salus/core'
import fc from 'fast-check'
import * as steps from '../../test/batch-steps.ts'
import { opening } from '../../test/files.ts'
import { bert, cleo } from '../../test/members.ts'
import { id, type MemoryLedger } from '../../test/memory-ledger.ts'
import { checkModel, type Model } from '../../test/model.ts'
import { acknowledge, call, commitBatch, disclosure, disclosures, receipts } from '../index.ts'

/** Bert keeps x and Cleo keeps y; there is no file z. */
const CUSTODIANS = new Map<string, steps.Actor>([
  ['x', 'bert'],
  ['y', 'cleo'],
])

const { actor, parts } = steps
const step = fc.record({ kind: fc.constantFrom('commit-batch', 'acknowledge'), actor, parts })
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What was committed to one chain, and when last. */
interface Chain {
  readonly parts: steps.Part[]
  timeMs: number
}

class DisclosureModel implements Model<Step> {
  /** By `file` for disclosures, by `file actor` for receipts. */
  readonly #chains = new Map<string, Chain>()

  command({ kind, actor, parts }: Step) {
    const definition = kind === 'acknowledge' ? acknowledge : commitBatch
    return { signer: steps.signer(actor), command: call(disclosure, definition, { files: steps.batches(parts) }) }
  }

  apply(step: Step, timeMs: number): readonly string[] {
    const { kind, actor, parts } = step
    const broken = [...steps.brokenBySigner(actor), ...steps.brokenByParts(parts)]
    broken.push(...parts.flatMap((part) => brokenByPart(step, part)))
    if (broken.length > 0) return broken
    for (const part of parts) {
      const name = kind === 'acknowledge' ? `${part.file} ${actor}` : part.file
      const earlier = this.#chains.get(name)?.parts ?? []
      this.#chains.set(name, { parts: [...earlier, part], timeMs })
    }
    return broken
  }

  compare({ state }: MemoryLedger): void {
    for (const file of steps.FILES) {
      const row = expected(this.#chains.get(file))
      assert.deepEqual(disclosures.get(state, id(file)), row)
      for (const [actor, memberId] of [
        ['bert', bert.id],
        ['cleo', cleo.id],
      ] as const) {
        const receipt = expected(this.#chains.get(`${file} ${actor}`))
        const { emergencies: _, ...counted } = receipt ?? { emergencies: 0 }
        assert.deepEqual(receipts.get(state, id(file), memberId), receipt && counted)
      }
    }
  }
}

function brokenByPart({ kind, actor }: Step, { file, count, emergencies }: steps.Part): string[] {
  const broken: string[] = []
  const custodian = CUSTODIANS.get(file)
  if (custodian === undefined) broken.push('file-unknown')
  if (kind === 'acknowledge') {
    if (custodian === actor) broken.push('recipient-is-custodian')
    if (emergencies > 0) broken.push('emergencies-not-counted')
  } else {
    if (custodian !== undefined && custodian !== actor) broken.push('not-the-custodian')
    if (emergencies > count) broken.push('emergencies-exceed-count')
  }
  return broken
}

function expected(chain: Chain | undefined) {
  return (
    chain && {
      entries: steps.total(chain.parts, 'count'),
      emergencies: steps.total(chain.parts, 'emergencies'),
      head: steps.head(DOMAIN.disclosureChain, chain.parts),
      committedAtMs: chain.timeMs,
    }
  )
}

function start() {
  const ledger = steps.start()
  assert.equal(ledger.apply(bert.key, opening('x')), null)
  assert.equal(ledger.apply(cleo.key, opening('y')), null)
  return { ledger, model: new DisclosureModel() }
}

test('disclosure behaves like its model', () => {
  checkModel(step, start, { numRuns: 100, maxLength: 40 })
})
