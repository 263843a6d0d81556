/**
 * The disk of simulated processes: real SQLite files, on which a commit is what survives a crash. A database belongs to
 * the process that opened it and dies with it: what was not committed is gone, as after `kill -9`.
 *
 * Faults strike at writes: the process dies before one or after it (so before, within and after a commit); the disk is
 * full; a commit reports a failure although it persists.
 */
import { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Random } from '../random.ts'
import { current, type SimulatedProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** What goes wrong, at the write that makes `countdown` zero; `commits` says that only commits count. */
export interface DiskFault {
  readonly kind: 'crash-before' | 'crash-after' | 'full' | 'persists'
  readonly commits: boolean
  countdown: number
  /** Until when a full disk stays full. */
  readonly untilUs: number
}

/** An error as `node:sqlite` throws it. */
function sqliteError(errcode: number, errstr: string): Error {
  return Object.assign(new Error(errstr), { code: 'ERR_SQLITE_ERROR', errcode, errstr })
}

const SQLITE_IOERR = 10
const SQLITE_FULL = 13

type Run = StatementSync['run']

/** Puts the disk in place; returns what takes it out again. */
export function installDisk(scheduler: Scheduler, random: Random): () => void {
  const databases = DatabaseSync.prototype
  const statements = StatementSync.prototype
  const { exec, prepare } = databases
  const run: Run = statements.run
  const disk = new Disk(scheduler, random, exec)
  databases.exec = function (sql) {
    const owner = disk.ownerOf(this)
    if (owner === null) return exec.call(this, sql)
    // A crash of the process loses nothing that was committed, flushed or not: flushing would only cost time.
    const text = sql.replace(/synchronous *= *FULL/i, 'synchronous = OFF')
    const isCommit = /^\s*COMMIT/i.test(text)
    if (isCommit || /^\s*(BEGIN IMMEDIATE|CREATE)/i.test(text)) {
      return disk.write(this, owner, isCommit, () => exec.call(this, text))
    }
    if (!owner.isAlive) throw sqliteError(SQLITE_IOERR, 'the process is dead')
    return exec.call(this, text)
  }
  databases.prepare = function (...values) {
    const owner = disk.ownerOf(this)
    const statement = prepare.apply(this, values)
    if (owner !== null) disk.databases.set(statement, this)
    return statement
  }
  statements.run = function (this: StatementSync, ...values: Parameters<Run>) {
    const database = disk.databases.get(this)
    const owner = database ? disk.ownerOf(database) : null
    if (!database || owner === null) return run.apply(this, values)
    return disk.write(database, owner, false, () => run.apply(this, values))
  } as Run
  return () => {
    Object.assign(databases, { exec, prepare })
    Object.assign(statements, { run })
  }
}

/** What a write does to a process with this fault: the name of what strikes, or null when nothing does. */
function strike(owner: SimulatedProcess, isCommit: boolean, nowUs: number): DiskFault['kind'] | null {
  const fault = owner.diskFault
  if (fault === null || (fault.commits && !isCommit)) return null
  if (fault.countdown > 0) {
    fault.countdown--
    return null
  }
  if (fault.kind === 'persists' && !isCommit) return null
  if (fault.kind === 'full' && nowUs < fault.untilUs) {
    owner.faultsStruck++
    return 'full'
  }
  owner.diskFault = null
  if (fault.kind === 'full') return null
  owner.faultsStruck++
  return fault.kind
}

class Disk {
  /** The database of each statement. */
  readonly databases = new WeakMap<StatementSync, DatabaseSync>()
  readonly #owners = new WeakMap<DatabaseSync, SimulatedProcess>()
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #exec: DatabaseSync['exec']

  constructor(scheduler: Scheduler, random: Random, exec: DatabaseSync['exec']) {
    this.#scheduler = scheduler
    this.#random = random
    this.#exec = exec
  }

  /** The process that used the database first, and so opened it; null for the simulator itself. */
  ownerOf(database: DatabaseSync): SimulatedProcess | null {
    const known = this.#owners.get(database)
    if (known) return known
    const context = current.getStore()
    if (!context) return null
    const { process, thread } = context
    this.#owners.set(database, process)
    const close = (): void => {
      if (database.isOpen) database.close()
    }
    process.atDeath(close)
    thread?.atEnd(close)
    return process
  }

  write<T>(database: DatabaseSync, owner: SimulatedProcess, isCommit: boolean, work: () => T): T {
    if (!owner.isAlive) throw sqliteError(SQLITE_IOERR, 'the process is dead')
    const struck = strike(owner, isCommit, this.#scheduler.nowUs)
    if (struck === null) return work()
    const label = database.location()?.split('/').slice(-2).join('/')
    this.#scheduler.trace(`${owner.name}: disk ${struck} at ${isCommit ? 'commit' : 'write'} of ${label}`)
    if (struck === 'crash-after' || struck === 'persists') work()
    if (struck === 'persists') throw sqliteError(SQLITE_IOERR, 'disk I/O error')
    if (struck === 'full') {
      // SQLite ends the transaction by itself after some of these failures, and leaves it to the caller after others.
      if (database.isTransaction && this.#random.chance(0.5)) this.#exec.call(database, 'ROLLBACK')
      throw sqliteError(SQLITE_FULL, 'database or disk is full')
    }
    owner.kill()
    throw sqliteError(SQLITE_IOERR, 'the process is dead')
  }
}
