/**
 * The life of a network and of a wallet: stops and restarts, ports that are taken, new wallets, a device that is lost,
 * commands that are used wrongly.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect, runSalus, spawnSalus } from './support/child.ts'
import {
  check,
  type Demo,
  type DisclosureLog,
  demoTest,
  type Member,
  type NetworkDescription,
  step,
} from './support/demo.ts'
import { FhirClient, names } from './support/fhir.ts'
import { freePorts } from './support/ports.ts'

const RESTART_MS_MAX = 5000
const GRANT = ['consent', 'grant', '--custodian', 'riverside', '--recipient', 'lakeside', '--type', 'Condition']

interface Granted {
  readonly id: string
  readonly status: string
}

interface Shown {
  readonly recoveryCode: string
  readonly unanswered: readonly string[]
  readonly enrolments: readonly { readonly patient: string; readonly file: string }[]
  readonly consents: readonly { readonly id: string; readonly status: string }[]
}

demoTest('the life of a network and its wallets', {}, async (t, demo) => {
  await step(t, 'a stopped network goes on where it was', () => restarts(demo))
  await check(t, 'a killed network goes on where it was', () => survivesKill(demo))
  await check(t, 'a taken port is named', () => namesTakenPort(demo))
  await check(t, 'a network keeps its address', () => keepsAddress(demo))
  await check(t, 'a first start that was interrupted begins anew', () => beginsAnew(demo))
  await check(t, 'a folder of something else is left alone', () => leavesOtherFolders(demo))
  await check(t, 'a new wallet is enrolled and used', () => newWallet(demo))
  await check(t, 'a lost device: the recovery code brings back wallet and consents', () => lostDevice(demo))
  await check(t, 'after a key was replaced, the earlier one opens nothing', () => replacedKey(demo))
  await check(t, 'wrong use and failures have their exit codes', () => exitCodes(demo))
  await check(t, 'the emergency reason keeps its letters', () => keepsLetters(demo))
  await check(t, 'the interrupt signal ends the network too', async () => {
    assert.equal(await demo.stop('SIGINT'), 0)
  })
})

async function restarts(demo: Demo): Promise<void> {
  const patient = demo.patient(0)
  const granted = await demo.wallet<Granted>(patient, GRANT)
  assert.equal(granted.code, 0, granted.stdout)
  const lakeside = demo.exchange('lakeside', 'riverside')
  const path = `Condition?patient=${patient.reference}`
  const before = await lakeside.pages(path)
  assert.ok(before.matches.length > 0)
  const log = await demo.wallet<DisclosureLog>(patient, ['log'])
  const description = readFileSync(demo.state('demo.json'), 'utf8')
  assert.equal(await demo.stop(), 0)
  const readyMs = await demo.start()
  assert.ok(readyMs < RESTART_MS_MAX, `ready after ${readyMs} ms`)
  assert.equal(readFileSync(demo.state('demo.json'), 'utf8'), description)
  assert.deepEqual(names((await lakeside.pages(path)).matches), names(before.matches))
  const after = await demo.wallet<DisclosureLog>(patient, ['log'])
  assert.equal(after.json.complete, true)
  assert.deepEqual(
    after.json.disclosures.slice(1).map(({ id }) => id),
    log.json.disclosures.map(({ id }) => id),
  )
}

async function survivesKill(demo: Demo): Promise<void> {
  const patient = demo.patient(0)
  const path = `Condition?patient=${patient.reference}`
  const count = 20
  for (let i = 0; i < count; i++) assert.equal((await demo.exchange('lakeside', 'riverside').get(path)).status, 200)
  const logged = (await demo.wallet<DisclosureLog>(patient, ['log'])).json.disclosures.length
  for (let i = 0; i < count; i++) assert.equal((await demo.exchange('lakeside', 'riverside').get(path)).status, 200)
  await demo.stop('SIGKILL')
  await demo.start()
  const { code, json } = await demo.wallet<DisclosureLog>(patient, ['log'])
  assert.deepEqual([code, json.complete, json.disclosures.length], [0, true, logged + count])
  assert.equal((await demo.salus(['ledger', 'audit'])).code, 0)
}

async function namesTakenPort(demo: Demo): Promise<void> {
  const ended = await runSalus(['demo', '--dir', 'other', '--port', String(demo.port - 1)], demo.folder)
  assert.notEqual(ended.code, 0)
  assert.match(ended.stderr, new RegExp(`\\b${demo.port}\\b`))
  assert.equal(existsSync(join(demo.folder, 'other')), false, 'nothing was made')
}

async function keepsAddress(demo: Demo): Promise<void> {
  assert.equal(await demo.stop(), 0)
  const ended = await runSalus(['demo', '--dir', 'state', '--port', String(await freePorts())], demo.folder)
  assert.notEqual(ended.code, 0)
  assert.match(ended.stderr, new RegExp(`\\b${demo.port + 1}\\b`))
  await demo.start()
}

async function beginsAnew(demo: Demo): Promise<void> {
  const args = ['demo', '--dir', 'interrupted', '--port', String(await freePorts())]
  const start = async (until: RegExp): Promise<void> => {
    const child = spawnSalus(args, demo.folder)
    const [stdout, closed] = [collect(child.stdout), once(child, 'close')]
    while (!until.test(stdout()) && child.exitCode === null) await sleep(20)
    assert.match(stdout(), until)
    if (stdout().includes('ready')) await countPatients(demo, 5)
    child.kill('SIGTERM')
    await closed
  }
  await start(/patients loaded/)
  await start(/^ready /m)
}

async function countPatients(demo: Demo, count: number): Promise<void> {
  const text = readFileSync(join(demo.folder, 'interrupted', 'demo.json'), 'utf8')
  const { fhir, adminToken } = (JSON.parse(text) as NetworkDescription).members.riverside as Member
  assert.equal((await new FhirClient(fhir, adminToken).found('Patient?_summary=count')).total, count)
}

async function leavesOtherFolders(demo: Demo): Promise<void> {
  const file = join(demo.folder, 'letter.txt')
  writeFileSync(file, 'dear')
  const ended = await runSalus(['demo', '--dir', '.', '--port', String(await freePorts()), '--reset'], demo.folder)
  assert.notEqual(ended.code, 0)
  assert.equal(readFileSync(file, 'utf8'), 'dear')
}

async function newWallet(demo: Demo): Promise<void> {
  const mine = { wallet: 'mine.json', passphrase: 'correct horse' }
  const { reference } = demo.patient(1)
  const made = await demo.wallet<Shown>(mine, ['wallet', 'new'])
  assert.deepEqual([made.code, made.json.recoveryCode.split(' ').length], [0, 24])
  assert.equal((await demo.wallet(mine, ['wallet', 'new'])).code, 2, 'a wallet is never overwritten')
  assert.equal((await demo.wallet({ ...mine, passphrase: 'wrong' }, ['wallet', 'show'])).code, 3)
  const early = await demo.wallet(mine, GRANT)
  assert.notEqual(early.code, 0, 'not enrolled yet')
  const enrolled = await demo.wallet(mine, ['enrol', '--as', 'riverside', '--patient', reference])
  assert.equal(enrolled.code, 0, enrolled.stdout)
  const shown = await demo.wallet<Shown>(mine, ['wallet', 'show'])
  assert.deepEqual(
    shown.json.enrolments.map(({ patient }) => patient),
    [reference],
  )
  assert.equal((await demo.wallet<Granted>(mine, GRANT)).code, 0)
  const lakeside = demo.exchange('lakeside', 'riverside')
  assert.equal((await lakeside.get(`Condition?patient=${reference}`)).status, 200)
  const unknown = await demo.wallet(mine, ['enrol', '--as', 'riverside', '--patient', 'Patient/nobody'])
  assert.equal(unknown.code, 5, unknown.stdout)
}

async function lostDevice(demo: Demo): Promise<void> {
  const old = { wallet: 'old.json', passphrase: 'old phrase' }
  const fresh = { wallet: 'fresh.json', passphrase: 'new phrase' }
  const { reference } = demo.patient(2)
  const { recoveryCode } = (await demo.wallet<Shown>(old, ['wallet', 'new'])).json
  await demo.wallet(old, ['enrol', '--as', 'riverside', '--patient', reference])
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push((await demo.wallet<Granted>(old, GRANT)).json.id)
  await demo.wallet(old, ['consent', 'revoke', '--id', ids[0] as string])
  writeFileSync(join(demo.folder, 'paper.txt'), `${recoveryCode}\n`)
  const recovered = await demo.wallet<Shown>(fresh, ['wallet', 'recover', '--code-file', 'paper.txt'])
  assert.equal(recovered.code, 0, recovered.stdout)
  assert.deepEqual(recovered.json.unanswered, [], 'where the key is not enrolled is no entry')
  assert.deepEqual(
    recovered.json.enrolments.map(({ patient }) => patient),
    [reference],
  )
  const list = await demo.wallet<Shown>(fresh, ['consent', 'list'])
  assert.deepEqual(
    new Map(list.json.consents.map(({ id, status }) => [id, status])),
    new Map(ids.map((id, i) => [id, i === 0 ? 'revoked' : 'active'])),
  )
  const lakeside = demo.exchange('lakeside', 'riverside')
  const path = `Condition?patient=${reference}`
  for (const id of ids.slice(1)) {
    assert.equal((await lakeside.get(path)).status, 200)
    assert.equal((await demo.wallet(fresh, ['consent', 'revoke', '--id', id])).code, 0)
  }
  assert.equal((await lakeside.get(path)).status, 403)
  const next = await demo.wallet<Granted>(fresh, GRANT)
  assert.equal(next.code, 0, `the recovered wallet grants with keys that the old one has not used: ${next.stdout}`)
  assert.equal((await demo.wallet<DisclosureLog>(fresh, ['log'])).json.complete, true)
  const wrong = await demo.salus(['wallet', 'recover', '--wallet', 'no.json'], {
    SALUS_RECOVERY_CODE: `${recoveryCode.split(' ').slice(1).join(' ')} zoo`,
    SALUS_PASSPHRASE: 'x',
  })
  assert.notEqual(wrong.code, 0)
  assert.equal(existsSync(join(demo.folder, 'no.json')), false)
}

async function replacedKey(demo: Demo): Promise<void> {
  const patient = demo.patient(3)
  const fresh = { wallet: 'replaced.json', passphrase: 'x' }
  assert.equal((await demo.wallet(patient, GRANT)).code, 0)
  const lakeside = demo.exchange('lakeside', 'riverside')
  assert.equal((await lakeside.get(`Condition?patient=${patient.reference}`)).status, 200)
  await demo.wallet(fresh, ['wallet', 'new'])
  assert.equal((await demo.wallet(fresh, ['enrol', '--as', 'riverside', '--patient', patient.reference])).code, 0)
  assert.equal((await lakeside.get(`Condition?patient=${patient.reference}`)).status, 403, 'bound by the earlier key')
  assert.equal((await demo.wallet(patient, ['log'])).code, 3)
  const log = await demo.wallet<DisclosureLog>(fresh, ['log'])
  assert.deepEqual([log.code, log.json.complete], [0, true])
}

async function exitCodes(demo: Demo): Promise<void> {
  const patient = demo.patient(0)
  const query = `Condition?patient=${patient.reference}`
  const runs: readonly (readonly [code: number, args: readonly string[]])[] = [
    [2, ['nothing']],
    [2, ['consent']],
    [2, ['consent', 'grant']],
    [2, ['fetch', '--as', 'lakeside']],
    [5, ['fetch', '--as', 'nobody', query]],
    [5, ['fetch', '--as', 'lakeside', '--from', 'nobody', query]],
    [5, ['fetch', '--as', 'riverside', 'Condition/nobody']],
    [3, ['fetch', '--as', 'hilltop', '--from', 'riverside', query]],
    [5, ['erase', '--as', 'riverside', '--patient', 'Patient/nobody', '--reason', 'x']],
    [2, ['erase', '--as', 'riverside', '--patient', 'nobody', '--reason', 'x']],
    [5, ['verify', 'nothing.json', '--genesis', demo.network.genesis]],
    [4, ['verify', demo.network.genesis, '--genesis', demo.network.genesis]],
    [0, ['ledger', 'status']],
    [0, ['ledger', 'checkpoint', '--as', 'hilltop']],
    [0, ['node', 'status', '--as', 'lakeside']],
    [6, ['node', 'status', '--url', 'http://127.0.0.1:9']],
    [5, ['import', '--as', 'riverside', 'nothing.json']],
  ]
  for (const [code, args] of runs) {
    const ended = await demo.salus(args)
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`)
    assert.ok(ended.json !== undefined, `${args.join(' ')} prints JSON: ${ended.stdout}`)
  }
  const none = await demo.salus(['consent', 'list', '--wallet', patient.wallet])
  assert.equal(none.code, 2, 'nobody to ask for the passphrase')
  const child = spawnSalus(['fetch', '--help'], demo.folder)
  const text = collect(child.stdout)
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0)
  assert.match(text(), /Example:/)
}

async function keepsLetters(demo: Demo): Promise<void> {
  const patient = demo.patient(0)
  const reason = 'bewußtlos, Émile — 意識なし'
  const fetched = await demo.salus([
    'fetch',
    '--as',
    'lakeside',
    '--from',
    'riverside',
    patient.reference,
    '--emergency',
    reason,
  ])
  assert.equal(fetched.code, 0, fetched.stdout)
  const { disclosures } = (await demo.wallet<DisclosureLog>(patient, ['log'])).json
  assert.equal(disclosures[0]?.emergencyReason, reason)
}
