/**
 * What must hold after every fault: the members agree on one ledger, to the byte and with valid signatures; what was
 * acknowledged stands in its log where the receipt says, once; and no checkpoint that any member ever showed says
 * anything else.
 */
import assert from 'node:assert/strict'
import { decode, isSalusError, LogEntry, parseTransaction, readGenesis, toHex } from '@salus/core'
import { auditPublishedLedger } from '@salus/ledger'
import { openCheckpoint } from '@salus/proof'
import { PublishedLog } from '@salus/sdk'
import { splitEntries } from '../../../packages/ledger/src/log/entry-bundle.ts'
import { formatTilePath, TILE_WIDTH } from '../../../packages/ledger/src/log/tile-path.ts'
import type { Acknowledged } from './load.ts'
import { type MemberProcess, type Status, until } from './member-process.ts'

const AGREEMENT_MS_MAX = 120_000

/** Whoever shows checkpoints of a ledger. */
export interface Shows {
  readonly handle: string
  readonly url: string
  /** The text of the genesis file. */
  readonly genesis: string
}

/** The checkpoints that members showed while the test ran, by height. */
export class Seen {
  readonly #byHeight = new Map<number, { readonly what: string; readonly logSize: number; readonly logRoot: string }>()
  #timer: NodeJS.Timeout | undefined

  /** Looks at one member after the other until it is stopped. A contradiction ends the test at the next agreement. */
  watch(members: readonly Shows[]): void {
    let at = 0
    const look = async (): Promise<void> => {
      const member = members[at++ % members.length] as Shows
      await this.look(member).catch((error: unknown) => {
        this.contradiction ??= error
      })
      this.#timer = setTimeout(() => void look(), 300)
    }
    void look()
  }

  contradiction: unknown

  async look(member: Shows): Promise<void> {
    let note: string
    try {
      note = await new PublishedLog(member.url).checkpoint()
    } catch (error) {
      if (isSalusError(error)) return
      throw error
    }
    const { height, logSize, logRoot, stateRoot, timeMs } = openCheckpoint(note, readGenesis(member.genesis))
    const what = [logSize, toHex(logRoot), toHex(stateRoot), timeMs].join(' ')
    const before = this.#byHeight.get(height)
    if (before === undefined) this.#byHeight.set(height, { what, logSize, logRoot: toHex(logRoot) })
    else assert.equal(what, before.what, `${member.handle} contradicts what was shown of height ${height}`)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  get size(): number {
    return this.#byHeight.size
  }

  /** Every log that was shown is the beginning of the log there is now. */
  async checkAgainst(log: PublishedLog, total: number): Promise<void> {
    if (this.contradiction) throw this.contradiction
    for (const { logSize, logRoot } of this.#byHeight.values()) {
      assert.equal(toHex(await log.root(logSize, total)), logRoot, `the log of ${logSize} entries has become another`)
    }
  }
}

/** Waits until all members are ready and at the same place with `logSize` entries at least. */
export async function settled(members: readonly MemberProcess[], logSize: number): Promise<Status> {
  let statuses: (Status | undefined)[] = []
  try {
    await until('the members agree', AGREEMENT_MS_MAX, async () => {
      statuses = await Promise.all(members.map((member) => member.status()))
      const [first] = statuses
      if (first === undefined || first.logSize < logSize) return false
      if (!statuses.every((status) => status?.logSize === first.logSize && status.lagMs === 0)) return false
      const proven = await Promise.all(members.map(async (member) => (await provenSize(member)) === first.logSize))
      return proven.every(Boolean)
    })
  } catch (error) {
    throw new Error(`${String(error)}: ${JSON.stringify(statuses)}`)
  }
  const [first] = statuses as [Status]
  for (const status of statuses as Status[]) {
    const { stateRoot, logRoot } = status
    assert.deepEqual([stateRoot, logRoot], [first.stateRoot, first.logRoot])
  }
  return first
}

/** How many entries the checkpoint has that the member shows. */
async function provenSize(member: MemberProcess): Promise<number | undefined> {
  const note = await new PublishedLog(member.url).checkpoint().catch(() => undefined)
  return note === undefined ? undefined : openCheckpoint(note, readGenesis(member.genesis)).logSize
}

export interface Agreement {
  readonly height: number
  readonly transactions: number
  readonly acknowledged: number
}

/** Checks all of it while nothing is on its way. @throws AssertionError */
export async function checkAgreement(
  members: readonly MemberProcess[],
  acknowledged: readonly Acknowledged[],
  seen: Seen,
): Promise<Agreement> {
  const last = Math.max(-1, ...acknowledged.map(({ receipt }) => receipt?.logIndex ?? -1))
  const status = await settled(members, last + 1)
  const [first] = members as [MemberProcess]
  // The network makes empty blocks meanwhile: the heights that all have are those up to the lowest.
  const heights = await Promise.all(members.map(async (member) => (await member.status())?.height ?? 0))
  await checkHeaders(members, Math.min(...heights))
  for (const member of members) {
    await seen.look(member)
    await audit(member, status)
  }
  const log = new PublishedLog(first.url)
  checkEntries(await entriesOf(log, status.logSize), acknowledged)
  await seen.checkAgainst(log, status.logSize)
  return { height: status.height, transactions: status.logSize, acknowledged: acknowledged.length }
}

/** The header at `height` names the one before it, and so on, and the app hash before it: one hash stands for all. */
async function checkHeaders(members: readonly MemberProcess[], height: number): Promise<void> {
  const hashes = await Promise.all(
    members.map(async (member) => {
      const answer = (await member.light('commit', { height: String(height) })) as
        | { signed_header: { commit: { block_id: { hash: string } } } }
        | undefined
      return answer?.signed_header.commit.block_id.hash
    }),
  )
  assert.ok(hashes[0], `no header at ${height}`)
  assert.equal(new Set(hashes).size, 1, `the headers at ${height} differ: ${hashes.join(' ')}`)
}

/** Executes the whole log again, signatures and all, and compares every root. */
async function audit(member: MemberProcess, { logRoot, stateRoot }: Status): Promise<void> {
  const log = new PublishedLog(member.url)
  const published = { checkpoint: () => log.checkpoint(), resource: (path: string) => log.resource(path) }
  const report = await auditPublishedLedger(published, member.genesis, () => undefined)
  assert.deepEqual([report.divergence, report.logRoot, report.stateRoot], [null, logRoot, stateRoot], member.handle)
}

async function entriesOf(log: PublishedLog, total: number): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  for (let index = 0; index * TILE_WIDTH < total; index++) {
    const width = Math.min(TILE_WIDTH, total - index * TILE_WIDTH)
    const bundle = await log.resource(formatTilePath({ level: 'entries', index, width }))
    entries.push(...splitEntries(bundle).map((entry) => decode(LogEntry, entry)))
  }
  return entries
}

function checkEntries(entries: readonly LogEntry[], acknowledged: readonly Acknowledged[]): void {
  const ids = entries.map(({ transaction }) => toHex(parseTransaction(transaction).id))
  const executed = ids.filter((_, i) => entries[i]?.code === null)
  assert.equal(new Set(executed).size, executed.length, 'a transaction was executed twice')
  const present = new Set(executed)
  for (const { id, receipt } of acknowledged) {
    if (receipt === null || receipt.code === 'replayed') {
      assert.ok(present.has(id), 'a transaction that was called executed is not in the log')
    }
    if (receipt === null) continue
    const entry = entries[receipt.logIndex]
    assert.deepEqual(
      [ids[receipt.logIndex], entry?.height, entry?.timeMs, entry?.code],
      [id, receipt.height, receipt.timeMs, receipt.code],
      `what was acknowledged is not at ${receipt.logIndex}`,
    )
  }
}
