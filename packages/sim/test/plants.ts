/**
 * Bugs planted on purpose, each a faulty part in the place of a good one, to see that the simulator finds them. Run as
 * a program with the name of a plant, a seed and steps, it prints the invariant that broke and the step.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DisclosureRow, decode, encode, parseTransaction, stateKey, toHex } from '@salus/core'
import type { Ledger, Rules } from '@salus/ledger'
import { type EngineKind, type Plants, simulate } from '../src/simulate.ts'

/** A ledger with some methods replaced. */
function altered(ledger: Ledger, changes: Partial<Ledger>): Ledger {
  return {
    submit: (wire) => ledger.submit(wire),
    get: (key) => ledger.get(key),
    proveState: (key) => ledger.proveState(key),
    proveEntry: (index) => ledger.proveEntry(index),
    checkpoint: () => ledger.checkpoint(),
    status: () => ledger.status(),
    tile: (path) => ledger.tile(path),
    onBlock: (listener) => ledger.onBlock(listener),
    block: (height) => ledger.block(height),
    close: () => ledger.close(),
    ...changes,
  }
}

/** The ledger's commits become durable with the next block, not when they are acknowledged. */
const acknowledgeBeforeDurable: Plants = {
  platform: () => {
    const databases = DatabaseSync.prototype
    const { exec } = databases
    const isLedger = (database: DatabaseSync): boolean => database.location()?.endsWith('ledger.sqlite') ?? false
    databases.exec = function (sql) {
      if (sql === 'COMMIT' && isLedger(this)) return
      if (sql === 'BEGIN IMMEDIATE' && this.isTransaction) exec.call(this, 'COMMIT')
      exec.call(this, sql)
    }
  },
}

/** Transactions executed before a restart are forgotten. */
const replaySetForgets: Plants = {
  beforeOpen: (folder) => {
    const path = join(folder, 'ledger.sqlite')
    if (!existsSync(path)) return
    const database = new DatabaseSync(path)
    database.exec('DELETE FROM replay')
    database.close()
  },
}

/** Once active, a consent stays active for the gate. */
const gateRemembersConsent: Plants = {
  ledger: (ledger) => {
    const seen = new Map<string, Uint8Array>()
    const prefix = toHex(stateKey('consent', 'consent', [new Uint8Array(16)])).slice(0, -32)
    return altered(ledger, {
      get: (key) => {
        const name = toHex(key)
        if (!name.startsWith(prefix)) return ledger.get(key)
        const value = seen.get(name) ?? ledger.get(key)
        if (value) seen.set(name, value)
        return value
      },
    })
  },
}

/** What the ledger did not take of the outbox counts as taken. */
const outboxDropsRefused: Plants = {
  ledger: (ledger) =>
    altered(ledger, {
      submit: async (wire) => {
        try {
          return await ledger.submit(wire)
        } catch (error) {
          const { id, body } = parseTransaction(wire)
          if (body.commands[0]?.contract === 'consent') throw error
          const { height, timeMs } = ledger.status()
          return { transactionId: id, height, timeMs, logIndex: 0, code: null }
        }
      },
    }),
}

/** Every tenth block sets the count of a file's disclosures to nothing. */
const counterFalls: Plants = {
  rules: (rules: Rules): Rules => ({
    ...rules,
    findCommand: (contract, command) => {
      const found = rules.findCommand(contract, command)
      if (found === undefined || command !== 'commit-batch') return found
      return {
        ...found,
        execute: (context, args) => {
          const { state, height } = context
          const faulty: typeof state = {
            get: (key) => state.get(key),
            put: (key, value) => state.put(key, height % 10 === 0 ? withoutEntries(value) : value),
            delete: (key) => state.delete(key),
          }
          found.execute({ ...context, state: faulty }, args)
        },
      }
    },
  }),
}

/** A `DisclosureRow` that counts nothing. */
function withoutEntries(value: Uint8Array): Uint8Array {
  return encode(DisclosureRow, { ...decode(DisclosureRow, value), entries: 0 })
}

export const PLANTS = {
  acknowledgeBeforeDurable,
  replaySetForgets,
  gateRemembersConsent,
  outboxDropsRefused,
  counterFalls,
} satisfies Record<string, Plants>

if (import.meta.main) {
  const [name, seed, steps, engine] = process.argv.slice(2) as [keyof typeof PLANTS, string, string, EngineKind]
  const report = await simulate({ seed: Number(seed), steps: Number(steps), engine, plants: PLANTS[name] })
  process.stdout.write(`${JSON.stringify({ invariant: report.violation?.invariant ?? null, step: report.step })}\n`)
}
