/**
 * The same consent grants on the embedded ledger and as a Solidity contract on Foundry's anvil: one grant per
 * transaction, each with its own signature, the same number in flight. anvil keeps its chain in memory alone, runs
 * without consensus, and gets its transactions in batches of JSON-RPC; the ledger writes each block to the disk.
 * `node bench/ledger-anvil.ts` prints one JSON line for each figure.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat, fromHex, randomBytes } from '@salus/core'
import { openEmbeddedLedger } from '@salus/ledger'
import solc from 'solc'
import { addressOf, JsonRpc, selector, signCall } from './anvil/ethereum.ts'
import { engineKey, genesis, signGrants, submitAll } from './support/ledger-load.ts'
import { median, report } from './support/report.ts'

const IN_FLIGHT = Number(process.argv[2] ?? 2048)
const GRANTS = 4096
const RUNS = 3
const PORT = 18_545
/** Transactions in one request of JSON-RPC. */
const BATCH = IN_FLIGHT / 8
/** Each sends its batches one after the other, so that its nonces come in order. */
const SENDERS = IN_FLIGHT / BATCH
/**
 * How often anvil makes a block of all that came, in seconds; the best one counts. One block for each transaction, its
 * default, falls far behind with so many in flight.
 */
const BLOCK_SECONDS = [0.03, 0.1, 0.3]
const CHAIN_ID = 31_337n
const GAS = 200_000n
const GAS_PRICE = 2_000_000_000n

function compile(): string {
  const source = readFileSync(new URL('./anvil/ConsentGrants.sol', import.meta.url), 'utf8')
  const input = {
    language: 'Solidity',
    sources: { 'ConsentGrants.sol': { content: source } },
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
    },
  }
  type Output = { contracts: Record<string, Record<string, { evm: { bytecode: { object: string } } }>> }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output
  return `0x${output.contracts['ConsentGrants.sol']?.ConsentGrants?.evm.bytecode.object}`
}

/** anvil's program is in the package of the platform. */
function startAnvil(blockSeconds: number): ChildProcess {
  const main = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const folder = createRequire(main).resolve(`${name}/package.json`)
  const program = join(folder, '..', 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
  const own = ['--port', String(PORT), '--silent', '--gas-limit', '300000000', '--block-time', String(blockSeconds)]
  return spawn(program, own, { stdio: 'ignore' })
}

async function waitFor(rpc: JsonRpc): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isUp = await rpc.call('eth_chainId').then(
      () => true,
      () => false,
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('anvil does not answer')
}

async function deploy(rpc: JsonRpc, bytecode: string): Promise<Uint8Array> {
  const [from] = await rpc.call<string[]>('eth_accounts')
  const hash = await rpc.call<string>('eth_sendTransaction', { from, data: bytecode, gas: '0x200000' })
  for (;;) {
    const receipt = await rpc.call<{ contractAddress: string } | null>('eth_getTransactionReceipt', hash)
    if (receipt) return fromHex(receipt.contractAddress.slice(2))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function grantData(select: Uint8Array): Uint8Array {
  const padded = concat(randomBytes(16), new Uint8Array(16))
  return concat(select, padded, randomBytes(32), new Uint8Array(32))
}

/** The calls of one sender, from its nonce `first` on. */
function signCalls(to: Uint8Array, secret: Uint8Array, first: number): string[] {
  const select = selector('grant(bytes16,bytes32,uint64)')
  return Array.from({ length: GRANTS / SENDERS }, (_, i) => {
    const call = {
      chainId: CHAIN_ID,
      nonce: BigInt(first + i),
      to,
      data: grantData(select),
      gas: GAS,
      gasPrice: GAS_PRICE,
    }
    return signCall(call, secret)
  })
}

/** Sends all, of each sender one batch at a time; returns the seconds until the last transaction has its receipt. */
async function sendAll(rpc: JsonRpc, senders: readonly (readonly string[])[]): Promise<number> {
  const start = performance.now()
  const sendOwn = async (calls: readonly string[]): Promise<void> => {
    for (let from = 0; from < calls.length; from += BATCH) {
      const batch = calls.slice(from, from + BATCH).map((call) => [call])
      await confirm(rpc, await rpc.batch<string>('eth_sendRawTransaction', batch))
    }
  }
  await Promise.all(senders.map(sendOwn))
  return (performance.now() - start) / 1000
}

/** Waits for the receipts. The last transaction of a batch is mined last, so it alone is asked for until it is there. */
async function confirm(rpc: JsonRpc, hashes: readonly string[]): Promise<void> {
  const last = hashes.at(-1)
  while ((await rpc.call<unknown>('eth_getTransactionReceipt', last)) === null) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const receipts = await rpc.batch<{ status: string } | null>(
    'eth_getTransactionReceipt',
    hashes.map((hash) => [hash]),
  )
  if (receipts.some((receipt) => receipt?.status !== '0x1')) throw new Error('anvil refused a grant')
}

async function anvilRates(blockSeconds: number, bytecode: string): Promise<number[]> {
  const anvil = startAnvil(blockSeconds)
  try {
    const rpc = new JsonRpc(PORT)
    await waitFor(rpc)
    const to = await deploy(rpc, bytecode)
    const secrets = Array.from({ length: SENDERS }, () => randomBytes(32))
    await rpc.batch(
      'anvil_setBalance',
      secrets.map((secret) => [addressOf(secret), '0xffffffffffffffffffff']),
    )
    const rates: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const senders = secrets.map((secret) => signCalls(to, secret, (run * GRANTS) / SENDERS))
      rates.push(GRANTS / (await sendAll(rpc, senders)))
    }
    return rates
  } finally {
    const ended = once(anvil, 'exit')
    anvil.kill('SIGKILL')
    await ended
  }
}

/** Grants per second on the ledger, `grants` in each transaction. */
async function ledgerRate(grants: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-bench-'))
  const ledger = await openEmbeddedLedger({ directory, genesis, engineKey })
  await submitAll(ledger, await signGrants(GRANTS / grants, grants), IN_FLIGHT)
  const rate = GRANTS / (await submitAll(ledger, await signGrants(GRANTS / grants, grants), IN_FLIGHT))
  await ledger.close()
  rmSync(directory, { recursive: true })
  return rate
}

const bytecode = compile()
let best: number[] = []
for (const seconds of BLOCK_SECONDS) {
  const rates = await anvilRates(seconds, bytecode)
  report(`anvil-grants (a block every ${seconds} s)`, 'transactions/s', rates, { inFlight: IN_FLIGHT })
  if (best.length === 0 || median(rates) > median(best)) best = rates
}
for (const grants of [1, 64]) {
  const rates: number[] = []
  for (let run = 0; run < RUNS; run++) rates.push(await ledgerRate(grants))
  report(`ledger-grants (${grants} a transaction)`, 'grants/s', rates, { inFlight: IN_FLIGHT })
  const ratio = median(rates) / median(best)
  report(`ledger-grants-to-anvil (${grants} a transaction)`, 'ratio', [ratio], { inFlight: IN_FLIGHT, budget: 8 })
}
