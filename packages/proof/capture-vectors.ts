/**
 * Writes src/vectors/*.json from the real program, with its built-in `kvstore`: what its JSON-RPC says of some blocks,
 * as it says it. `node packages/proof/capture-vectors.ts PATH-OF-COMETBFT`, on Linux, where every address of
 * 127.0.0.0/8 is the loopback.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ed25519PublicKey, toBase64 } from '@salus/core'
import { seed } from './test/world.ts'

const [binary = 'cometbft'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'comet-vectors-'))
const home = (n: number) => join(folder, `node${n}`)
const host = (n: number) => `127.77.0.${n + 1}`
const SETTINGS = ['--consensus.create_empty_blocks_interval=200ms', '--proxy_app=kvstore', '--log_level=error']

function start(n: number): ChildProcess {
  const listen = [`--rpc.laddr=tcp://${host(n)}:26657`, `--p2p.laddr=tcp://${host(n)}:26656`]
  return spawn(binary, ['start', '--home', home(n), ...listen, ...SETTINGS], { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function call(path: string): Promise<Record<string, never>> {
  const answer = await fetch(`http://${host(0)}:26657/${path}`)
  return ((await answer.json()) as { result: Record<string, never> }).result
}

async function height(): Promise<number> {
  try {
    const status = (await call('status')) as { sync_info?: { latest_block_height: string } }
    return Number(status.sync_info?.latest_block_height ?? 0)
  } catch {
    return 0
  }
}

async function reach(target: number): Promise<void> {
  while ((await height()) < target) await delay(100)
}

/** The block at `at` once it is final, with its validators. */
async function block(at: number): Promise<unknown> {
  await reach(at + 1)
  const { signed_header } = await call(`commit?height=${at}`)
  const { validators } = await call(`validators?height=${at}&per_page=100`)
  return { signed_header, validators }
}

/** Sends a change of the validators; returns the height of the block that holds it. */
async function change(publicKey: Uint8Array, power: number): Promise<number> {
  const tx = encodeURIComponent(`"val=ed25519!${toBase64(publicKey)}!${power}"`)
  const { height: at } = (await call(`broadcast_tx_commit?tx=${tx}`)) as unknown as { height: string }
  return Number(at)
}

function publicKeyOf(n: number): Uint8Array {
  const file = readFileSync(join(home(n), 'config/priv_validator_key.json'), 'utf8')
  return Buffer.from((JSON.parse(file) as { pub_key: { value: string } }).pub_key.value, 'base64')
}

async function capture(name: string, nodes: number, run: () => Promise<readonly unknown[]>): Promise<void> {
  const hosts = Array.from({ length: nodes }, (_, n) => ['--hostname', host(n)]).flat()
  execFileSync(binary, ['testnet', '--v', String(nodes), '--o', folder, ...hosts])
  const children = Array.from({ length: nodes }, (_, n) => start(n))
  const { genesis_time } = JSON.parse(readFileSync(join(home(0), 'config/genesis.json'), 'utf8'))
  const blocks = await run()
  for (const child of children) {
    child.kill()
    await once(child, 'exit')
  }
  const file = join(import.meta.dirname, 'src/vectors', `${name}.json`)
  writeFileSync(file, `${JSON.stringify({ genesis_time, blocks }, null, 2)}\n`)
  rmSync(folder, { recursive: true })
}

await capture('one-validator', 1, async () => [await block(1), await block(2), await block(3)])

await capture('four-validators', 4, async () => {
  const early = [await block(1), await block(2), await block(5)]
  // One that never signs comes in, and the power of the first one grows, so that it still takes two others.
  await change(ed25519PublicKey(seed('absent validator')), 1)
  const grown = (await change(publicKeyOf(0), 4)) + 2
  const later = [await block(grown - 1), await block(grown), await block(grown + 3)]
  const left = (await change(publicKeyOf(3), 0)) + 2
  return [...early, ...later, await block(left), await block(left + 2)]
})
