import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeCbor, encode, fromHex, toHex } from '@salus/core'
import { type CommandDefinition, type Contract, findCommand } from '../src/index.ts'
import type { MemoryLedger, TestKey } from './memory-ledger.ts'

/** A command as a value and as bytes, and the rows it leaves, all in hexadecimal. */
export interface Vector {
  readonly signer: TestKey
  readonly command: string
  readonly value: unknown
  readonly args: string
  readonly rows: Readonly<Record<string, string>>
}

/** Tests that the commands, applied in order to one ledger, have exactly these bytes and leave exactly these rows. */
export function testVectors(contract: Contract, ledger: MemoryLedger, vectors: readonly Vector[]): void {
  test(`${contract.name}: bytes of arguments and rows`, () => {
    for (const { signer, command, value, args, rows } of vectors) {
      const definition = findCommand(contract.name, command) as CommandDefinition
      assert.equal(toHex(encode(definition.args, value)), args, `${command}: arguments`)
      const before = new Map(ledger.dump())
      const code = ledger.apply(signer, { contract: contract.name, command, args: decodeCbor(fromHex(args)) })
      assert.equal(code, null, command)
      const changed = ledger.dump().filter(([key, row]) => before.get(key) !== row)
      assert.deepEqual(Object.fromEntries(changed), rows, `${command}: rows`)
      ledger.timeMs += 1000
    }
  })
}
