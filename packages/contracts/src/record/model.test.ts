import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOMAIN } from '@salus/core'
import fc from 'fast-check'
import * as steps from '../../test/batch-steps.ts'
import { closing, opening } from '../../test/files.ts'
import { bert, cleo } from '../../test/members.ts'
import { id, type MemoryLedger } from '../../test/memory-ledger.ts'
import { checkModel, type Model } from '../../test/model.ts'
import { anchor, call, files, record } from '../index.ts'

const { actor, file, parts } = steps
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open-file'), actor, file }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('anchor'), actor, parts }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close-file'), actor, file }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A file is its custodian, the parts anchored so far, and three facts. */
interface ModelFile {
  readonly custodian: string
  readonly openedAtMs: number
  readonly chain: steps.Part[]
  anchoredAtMs: number
  closed: boolean
}

class RecordModel implements Model<Step> {
  readonly #files = new Map<string, ModelFile>()

  command(step: Step) {
    const signer = steps.signer(step.actor)
    if (step.kind === 'open-file') return { signer, command: opening(step.file) }
    if (step.kind === 'close-file') return { signer, command: closing(step.file) }
    return { signer, command: call(record, anchor, { files: steps.batches(step.parts) }) }
  }

  apply(step: Step, timeMs: number): readonly string[] {
    const broken = [...steps.brokenBySigner(step.actor), ...this.#broken(step)]
    if (broken.length > 0) return broken
    const custodian = step.actor
    if (step.kind === 'open-file') {
      const empty = { openedAtMs: timeMs, anchoredAtMs: 0, chain: [], closed: false }
      this.#files.set(step.file, { custodian, ...empty })
    } else if (step.kind === 'close-file') {
      this.#file(step.file).closed = true
    } else {
      for (const part of step.parts) {
        this.#file(part.file).chain.push(part)
        this.#file(part.file).anchoredAtMs = timeMs
      }
    }
    return broken
  }

  #broken(step: Step): string[] {
    if (step.kind === 'open-file') return this.#files.has(step.file) ? ['file-exists'] : []
    if (step.kind === 'close-file') return this.#brokenByFile(step.actor, step.file)
    const broken = steps.brokenByParts(step.parts)
    if (step.parts.some(({ emergencies }) => emergencies > 0)) broken.push('emergencies-not-counted')
    return [...broken, ...step.parts.flatMap(({ file }) => this.#brokenByFile(step.actor, file))]
  }

  #brokenByFile(actor: string, name: string): string[] {
    const found = this.#files.get(name)
    if (!found) return ['file-unknown']
    return [...(found.custodian === actor ? [] : ['not-the-custodian']), ...(found.closed ? ['file-closed'] : [])]
  }

  #file(name: string): ModelFile {
    return this.#files.get(name) as ModelFile
  }

  compare(ledger: MemoryLedger): void {
    for (const name of steps.FILES) {
      const found = this.#files.get(name)
      const expected = found && {
        custodian: found.custodian === 'bert' ? bert.id : cleo.id,
        status: found.closed ? 'closed' : 'open',
        openedAtMs: found.openedAtMs,
        versions: steps.total(found.chain, 'count'),
        head: steps.head(DOMAIN.recordChain, found.chain),
        anchoredAtMs: found.anchoredAtMs,
      }
      assert.deepEqual(files.get(ledger.state, id(name)), expected)
    }
  }
}

test('record behaves like its model', () => {
  checkModel(step, () => ({ ledger: steps.start(), model: new RecordModel() }), { numRuns: 100, maxLength: 40 })
})
