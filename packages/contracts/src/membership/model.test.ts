import { test } from 'node:test'
import fc from 'fast-check'
import { ada, bert, cleo, dora } from '../../test/members.ts'
import { MembershipModel, type Step } from '../../test/membership-model.ts'
import { MemoryLedger, type TestMember, validating } from '../../test/memory-ledger.ts'
import { checkModel } from '../../test/model.ts'

const memberName = fc.constantFrom('ada', 'bert', 'cleo', 'dora', 'eve')
/** Mostly the keys of the first members, so that most steps are signed by somebody. */
const keyName = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('ada', 'bert', 'cleo', 'dora') },
  { weight: 1, arbitrary: fc.constantFrom('eve', 'fred', 'spare', 'stranger') },
)

const action = fc.oneof(
  fc.record({
    kind: fc.constant('admit'),
    who: fc.constantFrom('eve', 'fred'),
    handle: fc.constantFrom('eve', 'eve', 'fred', 'ada'),
  }),
  fc.record({ kind: fc.constantFrom('suspend', 'reinstate'), who: memberName }),
  fc.record({
    kind: fc.constant('protocol-version'),
    version: fc.integer({ min: 1, max: 4 }),
    afterBlocks: fc.integer({ min: 0, max: 10 }),
  }),
)

const rarely = fc.integer({ min: 0, max: 7 }).map((n) => n === 7)
const mostly = rarely.map((rare) => !rare)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('propose'),
      signer: keyName,
      again: rarely,
      action,
      lifetimeMs: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(1000)),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('vote'), signer: keyName, back: fc.nat(2), approve: mostly }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rotate-key'), signer: keyName, key: keyName, proven: mostly }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('set-validator'),
      signer: keyName,
      key: fc.option(
        keyName.map((name) => `consensus ${name}`),
        { freq: 3 },
      ),
      proven: mostly,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set-endpoint'), signer: keyName, host: memberName }) },
)

const FOUNDERS: readonly (readonly TestMember[])[] = [
  [ada, bert],
  [ada, bert, cleo, dora],
  [validating(ada), validating(bert), validating(cleo), dora],
]

for (const founders of FOUNDERS) {
  const first = founders.filter(({ consensusKey }) => consensusKey).length
  test(`membership with ${founders.length} founders and ${first} validators behaves like its model`, () => {
    const start = () => {
      const ledger = new MemoryLedger(...founders)
      return { ledger, model: new MembershipModel(ledger, founders) }
    }
    checkModel(step, start, { numRuns: 100, maxLength: 120 })
  })
}
