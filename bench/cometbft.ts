/**
 * The ledger on CometBFT beside CometBFT's built-in `kvstore`, under the same load, settings and size of transactions,
 * in turn. The signatures are made before the clock starts. kvstore checks none and keeps its state in memory.
 * `node bench/cometbft.ts [validators]` prints one JSON line for each figure, of one validator and of four unless it is
 * said which; COMETBFT_BIN may name the program.
 */
import { randomBytes, toHex, utf8 } from '@salus/core'
import { cometBinary } from '@salus/ledger'
import { closedLoop, type LoopResult } from './support/closed-loop.ts'
import { type CometNetwork, startKvstore, startSalus } from './support/comet-networks.ts'
import { signGrants } from './support/ledger-load.ts'
import { report } from './support/report.ts'

const ONLY = process.argv[2]
const RUNS = 3
const KINDS = ['salus', 'kvstore'] as const
type Kind = (typeof KINDS)[number]

/** `transactions` is how many are made ready: more than are committed in the time of a run. */
interface Load {
  readonly inFlight: number
  readonly commands: number
  readonly transactions: Readonly<Record<Kind, number>>
}

/** The loads of a network of so many validators. kvstore knows no commands, so only the first of them are for both. */
const ONE: readonly Load[] = [{ inFlight: 1000, commands: 1, transactions: { salus: 100_000, kvstore: 250_000 } }]
const FOUR: readonly Load[] = [
  { inFlight: 1000, commands: 1, transactions: { salus: 40_000, kvstore: 80_000 } },
  { inFlight: 100, commands: 1, transactions: { salus: 15_000, kvstore: 30_000 } },
  { inFlight: 100, commands: 100, transactions: { salus: 1500, kvstore: 0 } },
]

/** Transactions for kvstore, `key=value`, of the size of ours. */
function pairs(count: number, length: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const text = toHex(randomBytes(length / 2))
    return utf8(`${text.slice(0, 32)}=${text.slice(33)}`)
  })
}

function makeReady(kind: Kind, { transactions, commands }: Load, network: CometNetwork): Promise<Uint8Array[]> {
  const count = transactions[kind]
  return kind === 'salus' ? signGrants(count, commands, network.ledgerId) : Promise.resolve(pairs(count, grantBytes))
}

const binary = await cometBinary()
const [example] = await signGrants(1, 1)
const grantBytes = 2 * Math.ceil((example as Uint8Array).length / 2)

for (const [validators, loads] of [
  [1, ONE],
  [4, FOUR],
] as const) {
  if (ONLY !== undefined && ONLY !== String(validators)) continue
  const results = loads.map(() => ({ salus: [] as LoopResult[], kvstore: [] as LoopResult[] }))
  for (let run = 0; run < RUNS; run++) {
    for (const kind of KINDS) {
      const network = await (kind === 'salus' ? startSalus : startKvstore)(binary, validators)
      for (const [i, load] of loads.entries()) {
        const wires = await makeReady(kind, load, network)
        if (wires.length > 0) results[i]?.[kind].push(await closedLoop(network, wires, load.inFlight))
      }
      await network.close()
    }
  }
  for (const [i, load] of loads.entries()) tell(validators, load, results[i] as Record<Kind, LoopResult[]>)
}

function tell(validators: number, { inFlight, commands }: Load, { salus, kvstore }: Record<Kind, LoopResult[]>): void {
  const load = { validators, inFlight, transactionBytes: grantBytes }
  const rates = (results: readonly LoopResult[]): number[] => results.map(({ perSecond }) => perSecond)
  const latencies = (results: readonly LoopResult[]): number[] => results.map(({ medianMs }) => medianMs)
  const name = `${validators} x ${inFlight}`
  if (commands > 1) {
    const perSecond = rates(salus).map((rate) => rate * commands)
    report(`comet-salus-${commands}-commands (${name})`, 'commands/s', perSecond, { ...load, budget: 10_000 })
    return
  }
  const cpu = (results: readonly LoopResult[]): number[] => results.map(({ cpuMicroseconds }) => cpuMicroseconds)
  for (const [kind, results] of Object.entries({ salus, kvstore })) {
    report(`comet-${kind} (${name})`, 'transactions/s', rates(results), load)
    report(`comet-${kind}-latency (${name})`, 'ms', latencies(results), load)
    report(`comet-${kind}-cpu (${name})`, 'us', cpu(results), load)
  }
  const ratio = (of: (results: readonly LoopResult[]) => number[]): number[] =>
    of(salus).map((value, run) => value / (of(kvstore)[run] as number))
  report(`comet-salus-to-kvstore (${name})`, 'ratio', ratio(rates), { ...load, budget: validators === 1 ? 0.5 : 0.4 })
  report(`comet-salus-to-kvstore-latency (${name})`, 'ratio', ratio(latencies), {
    ...load,
    ...(validators === 4 && inFlight === 100 ? { budget: 1.3 } : {}),
  })
  report(
    `comet-kvstore-cpu-to-salus (${name})`,
    'ratio',
    ratio(cpu).map((value) => 1 / value),
    load,
  )
}
