/**
 * Drives a ledger and a plain model of one contract through the same random commands. The model knows, of each
 * command, every rule that it breaks: the ledger must apply exactly the commands that break none, and refuse the
 * others with the code of a rule that they break, leaving no trace.
 */
import assert from 'node:assert/strict'
import type { Command } from '@salus/core'
import fc from 'fast-check'
import type { MemoryLedger, TestKey } from './memory-ledger.ts'

export interface Model<Step> {
  /** The call that the step makes, and who signs it. */
  command(step: Step): { readonly signer: TestKey; readonly command: Command }
  /** The codes of all rules that the step breaks; applies it when there are none. */
  apply(step: Step, timeMs: number): readonly string[]
  /** Compares all that the model knows with the ledger's rows. */
  compare(ledger: MemoryLedger): void
}

/** Most milliseconds between two steps, small so that expiries are met and missed. */
const STEP_MS_MAX = 3

export function checkModel<Step>(
  step: fc.Arbitrary<Step>,
  start: () => { readonly ledger: MemoryLedger; readonly model: Model<Step> },
  { numRuns, maxLength }: { readonly numRuns: number; readonly maxLength: number },
): void {
  const steps = fc.array(fc.tuple(step, fc.nat(STEP_MS_MAX)), { maxLength, size: 'max' })
  fc.assert(
    fc.property(steps, (history) => {
      const { ledger, model } = start()
      for (const [taken, waitMs] of history) {
        ledger.timeMs += waitMs
        const { signer, command } = model.command(taken)
        const before = ledger.dump()
        const broken = model.apply(taken, ledger.timeMs)
        const code = ledger.apply(signer, command)
        if (code === null) assert.deepEqual(broken, [], `${command.command} was applied`)
        else assert.ok(broken.includes(code), `${command.command}: ${code}, expected one of [${broken}]`)
        if (code !== null) assert.deepEqual(ledger.dump(), before)
      }
      model.compare(ledger)
    }),
    { numRuns },
  )
}
