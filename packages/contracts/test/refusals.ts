import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandDefinition } from '../src/index.ts'

/** Tests that each scenario ends with its code, and that there is one for each code that the command declares. */
export function testRefusals(command: CommandDefinition, scenarios: Record<string, () => string | null>): void {
  test(`${command.name} refuses with each of its codes`, () => {
    assert.deepEqual(Object.keys(scenarios).sort(), Object.keys(command.refusals).sort())
    for (const [code, scenario] of Object.entries(scenarios)) assert.equal(scenario(), code)
  })
}
