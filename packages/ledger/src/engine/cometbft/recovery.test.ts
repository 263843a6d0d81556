/** What CometBFT and the application say to each other after a crash: every case of the handshake, one by one. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Rules } from '../../rules.ts'
import { putCall, signedTransaction, TEST_RULES, values } from '../test-rules.ts'
import type { CometLedger, CometOptions } from './comet-ledger.ts'
import { binaryForTests, TestNetwork } from './test-network.ts'

const binary = await binaryForTests()

/** One validator with its ledger, which a test may close and open again. */
class Validator {
  readonly network: TestNetwork

  constructor(network: TestNetwork) {
    this.network = network
  }

  get ledger(): CometLedger {
    return this.network.ledgers[0] as CometLedger
  }

  async put(...numbers: readonly number[]): Promise<void> {
    for (const n of numbers) {
      const wish = { genesis: this.network.genesis, expiresAtMs: Date.now() + 60_000 }
      assert.equal((await this.ledger.submit(await signedTransaction([putCall(n, `${n}`)], wish))).code, null)
    }
  }

  has(...numbers: readonly number[]): void {
    for (const n of numbers) assert.ok(this.ledger.get(values.key(n)), `value ${n}`)
  }

  async open(more: Partial<CometOptions> = {}): Promise<void> {
    await this.network.open(0, more)
  }

  /** Copies the application's files from one folder to another, which loses its own. */
  copy(from: string, to: string): void {
    rmSync(join(to, 'ledger.sqlite-wal'), { force: true })
    for (const name of readdirSync(from)) if (name.startsWith('ledger.sqlite')) cpSync(join(from, name), join(to, name))
  }

  get directory(): string {
    return this.network.directory(0)
  }

  get saved(): string {
    return join(this.network.folder, 'saved')
  }

  save(): void {
    cpSync(this.directory, this.saved, { recursive: true })
  }
}

function recovery(what: string, work: (validator: Validator) => Promise<void>): void {
  if (binary === undefined) return
  test(what, async () => {
    const network = await TestNetwork.start(binary, 1)
    try {
      await work(new Validator(network))
    } finally {
      await network.close()
    }
  })
}

recovery('both empty: CometBFT begins the chain, also when it was ended before the first block', async (validator) => {
  await validator.ledger.close()
  rmSync(validator.directory, { recursive: true })
  await validator.open()
  await validator.put(1)
  validator.has(1)
})

recovery('both at the same height: nothing is done again', async (validator) => {
  await validator.put(1, 2)
  const { logSize } = validator.ledger.status()
  await validator.ledger.close()
  await validator.open()
  assert.equal(validator.ledger.status().logSize, logSize)
  await validator.put(3)
})

recovery('the application behind: CometBFT gives it the blocks that it misses', async (validator) => {
  await validator.put(1, 2)
  await validator.ledger.close()
  validator.save()
  await validator.open()
  await validator.put(3, 4, 5, 6)
  const { stateRoot, logRoot } = validator.ledger.status()
  await validator.ledger.close()
  validator.copy(validator.saved, validator.directory)
  await validator.open()
  assert.deepEqual(validator.ledger.status().stateRoot, stateRoot)
  assert.deepEqual(validator.ledger.status().logRoot, logRoot)
  validator.has(1, 6)
  await validator.put(7)
})

recovery('the application empty: CometBFT gives it all blocks from the first', async (validator) => {
  await validator.put(1, 2, 3)
  const { stateRoot } = validator.ledger.status()
  await validator.ledger.close()
  for (const name of readdirSync(validator.directory)) {
    if (name.startsWith('ledger.sqlite')) rmSync(join(validator.directory, name))
  }
  await validator.open()
  assert.deepEqual(validator.ledger.status().stateRoot, stateRoot)
  await validator.put(4)
})

recovery('the application one ahead: its commit was durable, and CometBFT died before it knew', async (validator) => {
  await validator.put(1)
  const { ledger } = validator
  let isKilled = false
  ledger.onBlock(({ entries }) => {
    if (isKilled || entries.length === 0) return
    isKilled = true
    process.kill(ledger.cometPid as number, 'SIGKILL')
  })
  await validator.put(2)
  assert.ok(isKilled)
  await validator.put(3)
  validator.has(1, 2, 3)
  assert.equal(ledger.status().logSize, 3)
})

recovery('a block executed and not committed: it is executed again', async (validator) => {
  await validator.ledger.close()
  let shallKill = false
  let executions = 0
  const rules: Rules = {
    ...TEST_RULES,
    protocolAt: () => {
      executions++
      if (shallKill) process.kill(validator.ledger.cometPid as number, 'SIGKILL')
      shallKill = false
      return 1
    },
  }
  await validator.open({ rules })
  await validator.put(1)
  shallKill = true
  const before = executions
  await validator.put(2)
  assert.ok(!shallKill && executions - before >= 2)
  assert.equal(validator.ledger.status().logSize, 2)
})

recovery('another app hash: CometBFT refuses to go on', async (validator) => {
  await validator.ledger.close()
  validator.save()
  await validator.open()
  await validator.put(1, 2)
  const { height } = validator.ledger.status()
  await validator.ledger.close()
  const kept = join(validator.network.folder, 'kept')
  cpSync(validator.directory, kept, { recursive: true })
  // Another history of the same ledger, up to the same height.
  rmSync(validator.directory, { recursive: true })
  cpSync(validator.saved, validator.directory, { recursive: true })
  await validator.open()
  for (let n = 10; validator.ledger.status().height < height; n++) await validator.put(n)
  await validator.ledger.close()
  validator.copy(validator.directory, kept)
  rmSync(validator.directory, { recursive: true })
  cpSync(kept, validator.directory, { recursive: true })
  // Where the other history ends later than the block that CometBFT repeats, the application refuses that block first.
  await assert.rejects(validator.open(), ({ code }: { code?: string }) =>
    ['cometbft-failed', 'ledger-failed'].includes(code ?? ''),
  )
})

recovery(
  'the blocks of CometBFT lost: it refuses to begin anew under an application that goes on',
  async (validator) => {
    await validator.put(1)
    await validator.ledger.close()
    const data = join(validator.directory, 'cometbft', 'data')
    for (const name of readdirSync(data)) if (name.endsWith('.db')) rmSync(join(data, name), { recursive: true })
    await assert.rejects(validator.open(), { code: 'cometbft-failed' })
  },
)
