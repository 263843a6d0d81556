/**
 * The main job on four validators, each member a process of its own: a patient grants, another member reads, the log
 * shows it with a proof that verifies offline, a revocation refuses. What a member writes survives the loss of its
 * validator; what it can no longer know, it refuses. Stopped and started, all goes on.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { binaryForTests } from '../../packages/ledger/src/engine/cometbft/test-network.ts'
import { type Demo, type DisclosureLog, demoTest, step } from '../support/demo.ts'
import { Seen } from './support/agreement.ts'
import { until } from './support/member-process.ts'
import { cometOf } from './support/process-tree.ts'

const PATIENT = 4
const GRANT = ['--custodian', 'riverside', '--recipient', 'lakeside', '--type', 'Observation,Condition']
const MEMBERS = ['riverside', 'lakeside', 'hilltop', 'northgate']
/** Members agree on a block at most this much later than its first reader. */
const RECOVERY_MS_MAX = 60_000

interface Consent {
  readonly id: string
  readonly status: string
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Grants; resolves to the consent and the milliseconds that it took, the command's start included. */
async function grant(demo: Demo): Promise<{ id: string; ms: number }> {
  const startMs = performance.now()
  const { code, json, stdout } = await demo.wallet<Consent>(demo.patient(PATIENT), ['consent', 'grant', ...GRANT])
  assert.deepEqual([code, json?.status], [0, 'active'], stdout)
  return { id: json.id, ms: performance.now() - startMs }
}

async function revoke(demo: Demo, id: string): Promise<void> {
  const { code, stdout } = await demo.wallet(demo.patient(PATIENT), ['consent', 'revoke', '--id', id])
  assert.equal(code, 0, stdout)
}

async function readLog(demo: Demo): Promise<DisclosureLog['disclosures']> {
  const { code, json, stdout } = await demo.wallet<DisclosureLog>(demo.patient(PATIENT), ['log'])
  assert.deepEqual([code, json?.complete], [0, true], stdout)
  return json.disclosures
}

async function verify(demo: Demo, file: string): Promise<void> {
  const { code, stdout } = await demo.salus(['verify', file, '--genesis', demo.network.genesis])
  assert.equal(code, 0, stdout)
}

function shows(demo: Demo) {
  const { genesis } = demo
  return MEMBERS.map((handle) => ({ handle, url: demo.member(handle).url, genesis }))
}

/** Every checkpoint opens with the genesis file alone, and members say the same of the same height. */
async function agrees(demo: Demo, seen: Seen): Promise<void> {
  const before = seen.size
  for (let round = 0; round < 4; round++) {
    await Promise.all(shows(demo).map((member) => seen.look(member)))
    await sleep(500)
  }
  assert.ok(seen.size > before, 'members show checkpoints')
}

/** CometBFT of the custodian hangs: writes go through another member; reads of others are refused, emergencies not. */
async function losesValidator(demo: Demo): Promise<void> {
  const { url } = demo.member('riverside')
  const observations = `Observation?patient=${demo.patient(PATIENT).reference}`
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).ok
  const { id: first } = await grant(demo)
  assert.equal((await demo.exchange('lakeside', 'riverside').get(observations)).status, 200)
  const comet = cometOf(demo.pid, 'riverside')
  process.kill(comet, 'SIGSTOP')
  try {
    const { ms } = await grant(demo)
    say(`granted through another member in ${(ms / 1000).toFixed(1)} s while the own validator hangs`)
    await until('the custodian is too far behind', 30_000, async () => !(await isReady()))
    const refused = await demo.exchange('lakeside', 'riverside').get(observations)
    assert.deepEqual([refused.status, /ledger-lag/.test(refused.text)], [403, true], refused.text)
    const headers = { 'x-purpose-of-use': 'BTG', 'x-emergency-reason': 'unconscious' }
    assert.equal((await demo.exchange('lakeside', 'riverside', headers).get(observations)).status, 200)
  } finally {
    process.kill(comet, 'SIGCONT')
  }
  const tookMs = await until('the custodian has caught up', RECOVERY_MS_MAX, isReady)
  say(`caught up ${(tookMs / 1000).toFixed(1)} s after its validator went on`)
  assert.equal((await demo.exchange('lakeside', 'riverside').get(observations)).status, 200)
  const disclosures = await readLog(demo)
  assert.ok(disclosures.some(({ emergency, emergencyReason }) => emergency && emergencyReason === 'unconscious'))
  assert.ok(disclosures.some(({ decision, reason }) => decision === 'deny' && reason === 'ledger-lag'))
  await revoke(demo, first)
}

async function losesValidatorAgainAndAgain(demo: Demo): Promise<void> {
  for (let round = 0; round < 3; round++) {
    process.kill(cometOf(demo.pid, 'riverside'), 'SIGKILL')
    const { id, ms } = await grant(demo)
    say(`CometBFT of the custodian killed; granted in ${(ms / 1000).toFixed(1)} s`)
    await revoke(demo, id)
  }
}

if ((await binaryForTests()) !== undefined) {
  demoTest('the main job on four validators', { args: ['--engine', 'cometbft'] }, async (t, demo) => {
    const patient = demo.patient(PATIENT)
    const lakeside = demo.exchange('lakeside', 'riverside')
    const observations = `Observation?patient=${patient.reference}`
    const seen = new Seen()

    await step(t, 'a read is refused, then granted, then shown in the log with a proof', async () => {
      assert.equal((await lakeside.get(observations)).status, 403)
      const { id, ms } = await grant(demo)
      say(`granted in ${(ms / 1000).toFixed(1)} s`)
      assert.equal((await lakeside.get(observations)).status, 200)
      const read = (await readLog(demo)).find(({ reason, what }) => reason === 'consent' && what.length > 0)
      assert.equal(read?.consent, id)
      const out = ['--disclosure', read?.id as string, '--out', 'proof.json']
      assert.equal((await demo.wallet(patient, ['proof', 'export', ...out])).code, 0)
      await verify(demo, 'proof.json')
      await revoke(demo, id)
      assert.equal((await lakeside.get(observations)).status, 403, 'a revocation holds for the very next read')
    })
    await step(t, 'emergency access is flagged', async () => {
      const headers = { 'x-purpose-of-use': 'BTG', 'x-emergency-reason': 'no pulse' }
      assert.equal((await demo.exchange('lakeside', 'riverside', headers).get(observations)).status, 200)
      const [latest] = await readLog(demo)
      assert.deepEqual([latest?.emergency, latest?.emergencyReason], [true, 'no pulse'])
    })
    await step(t, 'the members show the same ledger', () => agrees(demo, seen))
    await step(t, 'the custodian’s validator hangs', () => losesValidator(demo))
    await step(t, 'the custodian’s validator is killed again and again', () => losesValidatorAgainAndAgain(demo))
    await step(t, 'the network is stopped, started, and goes on', async () => {
      assert.equal(await demo.stop(), 0)
      say(`started again in ${((await demo.start()) / 1000).toFixed(1)} s`)
      await agrees(demo, seen)
      await verify(demo, 'proof.json')
      const { id } = await grant(demo)
      assert.equal((await lakeside.get(observations)).status, 200)
      await revoke(demo, id)
      for (const member of MEMBERS) {
        const audit = await demo.salus(['ledger', 'audit', '--as', member])
        assert.equal(audit.code, 0, audit.stdout)
      }
    })
  })
}
