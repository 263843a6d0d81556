/**
 * The life of a network by its command line alone: founded by four members, joined by a fifth that comes in by vote,
 * begins from a snapshot and validates; keys replaced, validators that leave and one that is suspended; and rules that
 * change at a height, past which a release that does not know them stands still.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cometAddress, fromBase64, fromHex, toHex } from '@salus/core'
import { binaryForTests } from '../../packages/ledger/src/engine/cometbft/test-network.ts'
import { runSalus } from '../support/child.ts'
import { step } from '../support/demo.ts'
import { freePorts } from '../support/ports.ts'
import { checkAgreement, Seen } from './support/agreement.ts'
import { Load } from './support/load.ts'
import { MemberProcess, until } from './support/member-process.ts'

const FOUNDERS = ['ash', 'beech', 'cedar', 'elder']
const SNAPSHOT_BLOCKS = '10'
const START = { args: ['--snapshot-blocks', SNAPSHOT_BLOCKS] }
const NEXT_RELEASE = {
  NODE_OPTIONS: `--import ${fileURLToPath(new URL('./support/next-release.ts', import.meta.url))}`,
}
const WAIT_MS_MAX = 60_000

const say = (text: string): void => void process.stdout.write(`${text}\n`)

interface Proposal {
  readonly id: string
  readonly status: string
}

class Members {
  readonly folder = mkdtempSync(join(tmpdir(), 'salus-membership-'))
  readonly all = new Map<string, MemberProcess>()

  at(name: string): MemberProcess {
    return this.all.get(name) as MemberProcess
  }

  async salus<Document = unknown>(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Document> {
    const { code, stdout, stderr } = await runSalus([...args, '--json'], this.folder, environment)
    assert.equal(code, 0, `salus ${args.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout) as Document
  }

  /** `salus member …` by the operator of a member. */
  by<Document = unknown>(name: string, ...args: readonly string[]): Promise<Document> {
    return this.salus(['member', ...args, '--dir', this.at(name).folder])
  }

  /** Proposes and votes until it is decided. */
  async decide(voters: readonly string[], ...action: readonly string[]): Promise<void> {
    const [proposer, ...others] = voters as [string, ...string[]]
    let proposal = await this.by<Proposal>(proposer, ...action)
    for (const voter of others) {
      assert.equal(proposal.status, 'open')
      await until(`${voter} knows the proposal`, WAIT_MS_MAX, async () => {
        const { proposals } = await this.by<{ proposals: Proposal[] }>(voter, 'proposals')
        return proposals.some(({ id }) => id === proposal.id)
      })
      proposal = await this.by<Proposal>(voter, 'vote', proposal.id)
    }
    assert.equal(proposal.status, 'executed')
  }

  /** The consensus keys that decide the next block, as a member's CometBFT knows them. */
  async validators(asked = 'ash'): Promise<string[]> {
    const answer = (await this.at(asked).light('validators')) as
      | { validators: { pub_key: { value: string } }[] }
      | undefined
    return (answer?.validators ?? []).map(({ pub_key }) => toHex(fromBase64(pub_key.value)))
  }

  async untilValidators(...names: readonly string[]): Promise<void> {
    await until(`${names.join(', ')} validate`, WAIT_MS_MAX, async () => {
      const keys = names.map((name) => this.at(name).file.consensus?.publicKey)
      const found = await this.validators()
      return found.length === keys.length && keys.every((key) => key !== undefined && found.includes(key))
    })
  }

  async close(passed: boolean): Promise<void> {
    await Promise.all([...this.all.values()].map((member) => member.stop()))
    if (passed) rmSync(this.folder, { recursive: true, force: true })
    else
      for (const { folder, output } of this.all.values()) process.stderr.write(`${folder}:\n${output.slice(-2000)}\n`)
  }
}

/** Transactions through some members, to have blocks and to see that they go on. */
async function work(members: Members, names: readonly string[], count: number, seen: Seen): Promise<void> {
  const own = names.map((name) => members.at(name))
  const load = new Load({ members: own, inFlight: 1 })
  load.start()
  await load.progress(count, WAIT_MS_MAX)
  await load.stop()
  await checkAgreement(own, load.acknowledged, seen)
}

async function founds(members: Members): Promise<void> {
  const [port, peerPort] = [await freePorts(5), await freePorts(5)]
  const list = FOUNDERS.map((name) => (name === 'elder' ? 'elder:regulator' : name)).join(',')
  const ports = ['--port', String(port), '--peer-port', String(peerPort)]
  await members.salus(['network', 'init', '--dir', 'net', '--members', list, ...ports])
  for (const name of FOUNDERS) members.all.set(name, new MemberProcess(join(members.folder, 'net', name)))
  await Promise.all(FOUNDERS.map((name) => members.at(name).start(START)))
  await members.untilValidators(...FOUNDERS)
  const url = `http://127.0.0.1:${port + 4}`
  const fifth = ['--handle', 'fir', '--name', 'Fir', '--url', url, '--peer', `127.0.0.1:${peerPort + 4}`]
  await members.salus(['member', 'new', '--dir', 'fir', ...fifth])
  members.all.set('fir', new MemberProcess(join(members.folder, 'fir')))
}

async function joins(members: Members): Promise<void> {
  const from = ['ash', 'beech', 'cedar'].map((name) => join(members.at(name).folder, 'member.json')).join(',')
  const fir = members.at('fir')
  await members.salus([
    'network',
    'join',
    '--dir',
    'fir',
    '--genesis',
    'net/genesis.json',
    '--from',
    from,
    '--snapshot',
  ])
  fir.launch(START)
  await until('it waits to be admitted', WAIT_MS_MAX, async () => /not admitted yet/.test(fir.output))
  await members.decide(['ash', 'beech', 'cedar'], 'admit', join(fir.folder, 'member.json'))
  await fir.ready()
  const status = (await fir.light('status')) as { sync_info: { earliest_block_height: string } }
  const earliest = Number(status.sync_info.earliest_block_height)
  assert.ok(earliest > 1, 'it began from a snapshot')
  say(`the fifth member began at block ${earliest}`)
}

/** All but one member run the next release when the rules change; that one stands still until it does too. */
async function upgrades(members: Members, active: readonly string[]): Promise<void> {
  const [late, ...others] = active as [string, ...string[]]
  for (const name of others) {
    await members.at(name).stop()
    await members.at(name).start({ ...START, environment: NEXT_RELEASE })
  }
  const asked = members.at(others[0] as string)
  const atHeight = ((await asked.status())?.height as number) + 30
  await members.decide(others, 'upgrade', '2', '--at-height', String(atHeight))
  const load = new Load({ members: others.map((name) => members.at(name)), inFlight: 1 })
  load.start()
  await until('the rules change', WAIT_MS_MAX, async () => (await asked.status())?.protocol === 2)
  await load.progress(5, WAIT_MS_MAX)
  await load.stop()
  await until(`${late} stands still`, WAIT_MS_MAX, async () => !(await members.at(late).isReady()))
  assert.ok(((await members.at(late).status())?.height ?? 0) < atHeight)
  say(`version 2 from height ${atHeight} on; the release that does not know it stood still`)
  await members.at(late).stop()
  await members.at(late).start({ ...START, environment: NEXT_RELEASE })
  await checkRoots(active.map((name) => members.at(name)))
  for (const name of active) {
    const { folder } = members.at(name)
    const report = await members.salus<{ divergence: null }>(['ledger', 'audit', '--dir', folder], NEXT_RELEASE)
    assert.equal(report.divergence, null, name)
  }
}

async function checkRoots(members: readonly MemberProcess[]): Promise<void> {
  await until('all have the same roots', WAIT_MS_MAX, async () => {
    const statuses = await Promise.all(members.map((member) => member.status()))
    return new Set(statuses.map((status) => `${status?.logRoot} ${status?.stateRoot} ${status?.protocol}`)).size === 1
  })
}

if ((await binaryForTests()) !== undefined) {
  test('the life of a network', async (t) => {
    const members = new Members()
    const seen = new Seen()
    let passed = false
    try {
      await step(t, 'four members found it', () => founds(members))
      await step(t, 'it works, and snapshots are taken', () => work(members, FOUNDERS, 60, seen))
      await step(t, 'a fifth member joins by vote, from a snapshot', () => joins(members))
      await step(t, 'the fifth validates', async () => {
        await members.by('fir', 'validate')
        await members.untilValidators(...FOUNDERS, 'fir')
        await work(members, ['ash', 'beech', 'fir'], 10, seen)
      })
      await step(t, 'a validator leaves', async () => {
        await members.by('elder', 'validate', '--stop')
        await members.untilValidators('ash', 'beech', 'cedar', 'fir')
      })
      await step(t, 'a ledger key is replaced, and a node starts with it', async () => {
        const before = toHex(members.at('beech').keys.signing)
        await members.by('beech', 'rotate-key')
        assert.notEqual(toHex(members.at('beech').keys.signing), before)
        await members.at('beech').stop()
        await members.at('beech').start()
        await work(members, ['ash', 'beech', 'fir'], 10, seen)
      })
      await step(t, 'a consensus key is replaced while the network runs', async () => {
        const before = members.at('ash').file.consensus?.publicKey
        await members.by('ash', 'validate', '--new-key')
        await until('the validator has changed its key', WAIT_MS_MAX, async () => {
          return members.at('ash').file.consensus?.publicKey !== before && (await members.at('ash').isReady())
        })
        await members.untilValidators('ash', 'beech', 'cedar', 'fir')
        await work(members, ['ash', 'beech', 'fir'], 10, seen)
        assert.ok(await signs(members.at('beech'), members.at('ash')), 'blocks carry votes of the new key')
      })
      await step(t, 'a vote suspends a member, and its validator with it', async () => {
        await members.decide(['ash', 'beech', 'elder', 'fir'], 'suspend', members.at('cedar').file.id)
        await members.untilValidators('ash', 'beech', 'fir')
        await work(members, ['ash', 'beech', 'fir'], 10, seen)
      })
      await step(t, 'rules change at a height', () => upgrades(members, ['elder', 'ash', 'beech', 'fir']))
      passed = true
    } finally {
      await members.close(passed)
    }
  })
}

/** True when the latest commit that `asked` has holds a vote by the validator of `member`. */
async function signs(asked: MemberProcess, member: MemberProcess): Promise<boolean> {
  const address = toHex(cometAddress(fromHex(member.file.consensus?.publicKey as string))).toUpperCase()
  for (let tries = 0; tries < 20; tries++) {
    const answer = (await asked.light('commit')) as
      | { signed_header: { commit: { signatures: { validator_address: string }[] } } }
      | undefined
    const signatures = answer?.signed_header.commit.signatures ?? []
    if (signatures.some(({ validator_address }) => validator_address === address)) return true
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  return false
}
