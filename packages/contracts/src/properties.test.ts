/** What holds for every command of every contract. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cbor, decodeCbor, encodeCbor, isSalusError } from '@salus/core'
import fc from 'fast-check'
import { CONTRACTS, findCommand } from './index.ts'

const NAME = /^[a-z][a-z0-9-]{0,31}$/

const cbor: fc.Arbitrary<Cbor> = fc.letrec<{ value: Cbor }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeNat(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.array(tie('value'), { maxLength: 5 }),
  ),
})).value

test('names and codes fit the formats that carry them', () => {
  for (const contract of CONTRACTS) {
    for (const { name, refusals } of contract.commands) {
      assert.match(contract.name, NAME)
      assert.match(name, NAME)
      for (const code of Object.keys(refusals)) assert.match(code, /^[a-z][a-z-]{0,63}$/)
      assert.equal(findCommand(contract.name, name)?.name, name)
    }
  }
  assert.equal(findCommand('consent', 'steal'), undefined)
})

test('tables of a contract have names of their own', () => {
  for (const { tables } of CONTRACTS) assert.equal(new Set(tables.map(({ name }) => name)).size, tables.length)
})

const definitions = CONTRACTS.flatMap((contract) => contract.commands.map((command) => ({ contract, command })))

test('arguments of any form are parsed to what has the same bytes, or refused by the schema', () => {
  fc.assert(
    fc.property(fc.constantFrom(...definitions), cbor, ({ command }, value) => {
      const bytes = encodeCbor(value)
      let args: unknown
      try {
        args = command.args.parse(decodeCbor(bytes))
      } catch (error) {
        assert.ok(isSalusError(error, 'schema-mismatch'))
        return
      }
      assert.deepEqual(encodeCbor(command.args.toCbor(args)), bytes)
    }),
    { numRuns: 2000 },
  )
})
