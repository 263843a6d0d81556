/**
 * Faults, one after the other, on a network of four validators with transactions going through all of them: processes
 * killed, the network cut in two, a validator that signs twice, an application that answers garbage, a full disk, a
 * member far behind, clocks apart. After each the members must agree by themselves (support/agreement.ts).
 *
 * `SALUS_FAULT_SEED` repeats a run's choices, `SALUS_FAULT_ROUNDS` makes it longer (docs/operating/network.md).
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@salus/sim'
import { binaryForTests } from '../../packages/ledger/src/engine/cometbft/test-network.ts'
import { runSalus } from '../support/child.ts'
import { step } from '../support/demo.ts'
import { checkAgreement, Seen } from './support/agreement.ts'
import { Load } from './support/load.ts'
import { type MemberProcess, until } from './support/member-process.ts'
import { Network } from './support/network.ts'
import { clockEnvironment, clockProgram, garbageProgram } from './support/programs.ts'
import { makeTwin } from './support/twin.ts'

const SEED = Number(process.env.SALUS_FAULT_SEED ?? randomInt(1_000_000))
/** How often processes are killed; other faults get longer by the same measure. */
const ROUNDS = Number(process.env.SALUS_FAULT_ROUNDS ?? 3)

/** Runs only the faults whose names hold this word. */
const ONLY = process.env.SALUS_FAULT_ONLY

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const random = createRandom(SEED)

interface World {
  readonly network: Network
  readonly load: Load
  readonly seen: Seen
}

/** Lets go of the load, and says how far the members came. */
async function agree({ network, load, seen }: World): Promise<void> {
  await load.stop()
  const startMs = performance.now()
  const { height, transactions, acknowledged } = await checkAgreement(network.members, load.acknowledged, seen)
  const took = `${((performance.now() - startMs) / 1000).toFixed(1)} s`
  say(
    `agreed at height ${height}: ${transactions} transactions, ${acknowledged} acknowledged, ${load.unknown} unknown, ${load.failures} attempts failed, ${seen.size} checkpoints seen (${took})`,
  )
}

/** Kills at random under load; whoever was killed is started again, as an init system does. */
async function kills(world: World): Promise<void> {
  const { network, load } = world
  load.start()
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(random.between(300, 1500))
    const member = random.pick(network.members)
    const what = random.pick(['node', 'validator', 'both', 'network'] as const)
    say(`kill -9: ${what}${what === 'network' ? '' : ` of ${member.handle}`}`)
    const hit = what === 'network' ? network.members : [member]
    if (what === 'validator') member.killComet()
    else await Promise.all(hit.map((each) => (what === 'node' ? each.killNode() : each.kill())))
    await sleep(random.between(0, 500))
    if (what !== 'validator') for (const each of hit) each.launch()
    await Promise.all(hit.map((each) => each.ready()))
    await load.progress(5, 90_000)
  }
  await agree(world)
}

/** Two and two: neither side may go on. Healed, both do, whether the old connections come back or are torn. */
async function partitions(world: World): Promise<void> {
  const { network, load } = world
  load.start()
  await load.progress(20, 60_000)
  const side = [0, random.between(1, 3)]
  const isTorn = random.chance(0.5)
  say(
    `partition: ${side.join(' and ')} from the others, then healed with connections ${isTorn ? 'torn' : 'as they were'}`,
  )
  network.partition(side)
  await sleep(1500)
  const before = load.acknowledged.length
  const lagged = async () => (await Promise.all(network.members.map((member) => member.isReady()))).every((is) => !is)
  const lagMs = await until('both sides say that they cannot decide for others', 30_000, lagged)
  say(`both sides refuse to decide for others after ${((1500 + lagMs) / 1000).toFixed(1)} s`)
  const heights = await Promise.all(network.members.map(async (member) => (await member.status())?.height))
  assert.equal(load.acknowledged.length, before, 'nothing is acknowledged on either side')
  assert.ok(Math.max(...(heights as number[])) - Math.min(...(heights as number[])) <= 1, `heights ${heights}`)
  network.heal(isTorn)
  const startMs = performance.now()
  await load.progress(20, 90_000)
  say(`healed: transactions again after ${(performance.now() - startMs).toFixed(0)} ms`)
  await agree(world)
}

async function catchesUp(world: World): Promise<void> {
  const { network, load } = world
  const blocks = 10 * ROUNDS
  const late = network.member(random.between(0, 3))
  await late.stop()
  const others = network.members.filter((member) => member !== late)
  const [witness] = others as [typeof late]
  const from = (await witness.status())?.height as number
  const startMs = performance.now()
  load.start()
  await until(
    `${blocks} blocks`,
    60_000 + 1000 * blocks,
    async () => ((await witness.status())?.height ?? 0) >= from + blocks,
  )
  await load.stop()
  const rate = blocks / ((performance.now() - startMs) / 1000)
  const to = (await witness.status())?.height as number
  const restartMs = performance.now()
  await late.start()
  await until('it caught up', 120_000, async () => ((await late.status())?.height ?? 0) >= to && (await late.isReady()))
  const took = (performance.now() - restartMs) / 1000
  say(
    `${late.handle} was ${to - from} blocks behind, made at ${rate.toFixed(1)} blocks/s; caught up in ${took.toFixed(1)} s`,
  )
  await agree(world)
}

/** Two nodes sign with one key. The others keep evidence of it in a block, and nothing forks. */
async function equivocates(world: World): Promise<void> {
  const { network, load } = world
  const place = random.between(0, 2)
  const [witness] = network.members.filter((_, i) => i !== place) as [MemberProcess]
  say(`equivocation: a second node signs with the key of ${network.member(place).handle}`)
  const twin = await makeTwin(network, place)
  const from = ((await witness.status())?.height as number) + 1
  load.start()
  try {
    await twin.start()
    const found = { height: from }
    await until('a block holds evidence', 120_000, async () => {
      for (const to = (await witness.status())?.height ?? 0; found.height <= to; found.height++) {
        if (await holdsEvidence(witness, found.height)) return true
      }
      return false
    })
    say(`evidence of it is in block ${found.height}`)
  } finally {
    await twin.kill()
  }
  await load.progress(10, 60_000)
  await agree(world)
}

/** SHA-256 of nothing: a header's evidence hash where there is no evidence. */
const NO_EVIDENCE = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855'

async function holdsEvidence(member: MemberProcess, height: number): Promise<boolean> {
  const answer = (await member.light('commit', { height: String(height) })) as
    | { signed_header: { header: { evidence_hash: string } } }
    | undefined
  const hash = answer?.signed_header.header.evidence_hash ?? NO_EVIDENCE
  return hash !== '' && hash !== NO_EVIDENCE
}

/** An application that computes something else stops its own validator and nobody else's. */
async function answersGarbage(world: World, program: string): Promise<void> {
  const { network, load } = world
  const liar = network.member(random.between(0, 2))
  const others = network.members.filter((member) => member !== liar)
  const honestBlocks = random.between(3, 10)
  say(`garbage: the application of ${liar.handle} tells another state from its ${honestBlocks}th block on`)
  await liar.stop()
  await liar.start({ environment: { COMETBFT_BIN: garbageProgram(network.folder, program, honestBlocks) } })
  load.start()
  await until('the liar stands still', 60_000, async () => !(await liar.isReady()))
  const stoodAt = (await liar.status())?.height ?? 0
  await load.progress(20, 60_000)
  for (const other of others) assert.ok(await other.isReady(), `${other.handle} goes on`)
  assert.ok(((await liar.status())?.height ?? 0) <= stoodAt, 'the liar does not go on')
  await load.stop()
  await liar.stop()
  const resync = await runSalus(['node', 'resync', '--dir', liar.folder], network.folder)
  assert.equal(resync.code, 0, resync.stderr)
  await liar.start({})
  await agree(world)
}

/** A disk without room stops its member; with room again the member goes on. */
async function fillsDisk(world: World): Promise<void> {
  const { network, load } = world
  const full = network.member(DISK_MEMBER)
  const filler = join(full.folder, 'filler')
  load.start()
  await load.progress(10, 60_000)
  full.supervise(true)
  const bytes = fillUp(filler)
  say(`full disk: ${(bytes / 1024 / 1024).toFixed(0)} MB fill the disk of ${full.handle}`)
  await until('the member stands still', 60_000, async () => !(await full.isReady()))
  await load.progress(20, 60_000)
  rmSync(filler)
  const tookMs = await until('the member serves again', 60_000, () => full.isReady())
  say(`room again: the member serves after ${(tookMs / 1000).toFixed(1)} s`)
  full.supervise(false)
  await agree(world)
}

/** Writes until there is no more room; resolves to the bytes written. */
function fillUp(path: string): number {
  const file = openSync(path, 'w')
  let bytes = 0
  try {
    for (const size of [1024 * 1024, 4096]) {
      for (;;) {
        try {
          bytes += writeSync(file, Buffer.alloc(size))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
          break
        }
      }
    }
  } finally {
    closeSync(file)
  }
  return bytes
}

/** One clock minutes ahead, one minutes behind: the time of blocks stays between those of the others. */
async function clocksApart(world: World, program: string): Promise<void> {
  const { network, seen } = world
  const aheadMs = network.members.map(() => 0)
  const [fast, slow] = random.chance(0.5) ? [0, 1] : [2, 0]
  aheadMs[fast] = random.between(2, 9) * 60_000
  aheadMs[slow] = -random.between(2, 9) * 60_000
  say(`clocks: ${aheadMs.map((ms, i) => `${network.member(i).handle} ${ms / 60_000} min`).join(', ')}`)
  for (const place of [fast, slow]) {
    const member = network.member(place)
    await member.stop()
    await member.start({ environment: clockEnvironment(program, aheadMs[place] as number) })
  }
  const load = new Load({ members: network.members, inFlight: 2, clockOf: (place) => aheadMs[place] as number })
  load.start()
  await load.progress(40, 90_000)
  const apartMs = load.acknowledged.flatMap(({ receipt }) => (receipt ? [receipt.timeMs - Date.now()] : []))
  const most = Math.max(...apartMs.slice(-20).map(Math.abs))
  assert.ok(most < 60_000, `blocks are dated ${most} ms away from the clock of the others`)
  await agree({ network, load, seen })
  for (const place of [fast, slow]) {
    const member = network.member(place)
    await member.stop()
    await member.start({})
  }
}

/** The member whose folder is a small disk of its own. */
const DISK_MEMBER = 3
const DISK_BYTES = 192 * 1024 * 1024

/** Only who may mount a file system can fill one without harm to others. */
const mayMount = process.getuid?.() === 0

const program = await binaryForTests()
if (program !== undefined) {
  test('faults', async (t) => {
    say(`seed ${SEED}, ${ROUNDS} rounds`)
    const disk = mayMount ? { disk: { member: DISK_MEMBER, bytes: DISK_BYTES } } : {}
    const network = await Network.found({ count: 4, ...disk })
    const seen = new Seen()
    let passed = false
    try {
      await network.start()
      seen.watch(network.members)
      const world = (): World => ({ network, load: new Load({ members: network.members, inFlight: 2 }), seen })
      const faults: Readonly<Record<string, () => Promise<void>>> = {
        'processes are killed under load': () => kills(world()),
        'the network is cut two and two, and heals': () => partitions(world()),
        'a validator signs twice': () => equivocates(world()),
        'an application answers garbage': () => answersGarbage(world(), program),
        ...(mayMount ? { 'a disk is full': () => fillsDisk(world()) } : {}),
        'a member far behind catches up': () => catchesUp(world()),
      }
      if (!mayMount) say('left out, not passed: a full disk needs the right to mount one')
      for (const [name, inject] of Object.entries(faults)) {
        if (ONLY === undefined || name.includes(ONLY)) await step(t, name, inject)
      }
      const clock = ONLY === undefined || 'clocks'.includes(ONLY) ? clockProgram() : undefined
      if (clock !== undefined) await step(t, 'clocks are minutes apart', () => clocksApart(world(), clock))
      passed = true
    } finally {
      seen.stop()
      await network.close(passed)
    }
  })
}
