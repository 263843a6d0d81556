/** Transactions, groups and isolation on real SQLite files. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import type { Database } from './database.ts'
import { openSqlite } from './sqlite.ts'

const DDL = ['CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)']

async function numbers(database: Database): Promise<number[]> {
  return (await database.read.all<{ n: number }>('SELECT n FROM t ORDER BY n')).map(({ n }) => n)
}

test('readers see committed data only, and a body that throws leaves nothing', async () => {
  const database = openSqlite(':memory:', DDL)
  const insert = (n: number, fail = false) =>
    database.write(async (transaction) => {
      await transaction.run('INSERT INTO t VALUES (?)', [n])
      assert.deepEqual(await numbers(database), [])
      if (fail) throw new Error('refused')
      return n
    })
  const results = await Promise.allSettled([insert(1), insert(2, true), insert(3)])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(await numbers(database), [1, 3])
  await database.close()
  await assert.rejects(insert(4), (error) => isSalusError(error, 'database-closed'))
})

test('bodies run one after the other', async () => {
  const database = openSqlite(':memory:', DDL)
  let running = 0
  const body = async () => {
    running++
    assert.equal(running, 1)
    await new Promise((resolve) => setTimeout(resolve, 1))
    running--
  }
  await Promise.all(Array.from({ length: 5 }, () => database.write(body)))
  await database.close()
})

test('what was written is there after reopening, and closing leaves no log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'salus-'))
  const path = join(folder, 'database')
  const first = openSqlite(path, DDL)
  await first.write((transaction) => transaction.run('INSERT INTO t VALUES (7)'))
  await first.close()
  assert.ok(!existsSync(`${path}-wal`))
  const second = openSqlite(path, [DDL])
  assert.deepEqual(await numbers(second), [7])
  await second.close()
  await rm(folder, { recursive: true })
})

test('more statements than are kept prepared', async () => {
  const database = openSqlite(':memory:', DDL)
  for (let n = 0; n < 1100; n++) {
    assert.equal((await database.read.get<{ n: number }>(`SELECT ${n} AS n`))?.n, n)
  }
  await database.close()
})
