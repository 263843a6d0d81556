/**
 * A process that has the ledger open and nothing else: opens it, applies the transactions of a file, and prints how
 * long the opening took and what memory the process has after it and after the load.
 * `node --expose-gc ledger-child.ts DIRECTORY INPUT`, where INPUT is the JSON of {@link ChildInput}.
 */
import { readFileSync } from 'node:fs'
import { openEmbeddedLedger } from '@salus/ledger'
import { submitAll } from './ledger-load.ts'

/** `engineKey` is in base64; `wires` is the path of a file of transactions, each after its length (2 bytes). */
export interface ChildInput {
  readonly genesis: string
  readonly engineKey: string
  readonly wires: string
}

export interface ChildOutput {
  readonly openMs: number
  readonly opened: Memory
  readonly loaded: Memory
  readonly rssMaxMB: number
}

interface Memory {
  readonly rssMB: number
  /** Objects of the main thread after a full collection. */
  readonly heapMB: number
  /** Buffers of all threads: the index of the state, cached values. */
  readonly buffersMB: number
}

function memory(): Memory {
  const { rss } = process.memoryUsage()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { rssMB: rss / 1e6, heapMB: heapUsed / 1e6, buffersMB: arrayBuffers / 1e6 }
}

const [directory, path] = process.argv.slice(2) as [string, string]
const { genesis, engineKey, wires } = JSON.parse(readFileSync(path, 'utf8')) as ChildInput
const start = performance.now()
const ledger = await openEmbeddedLedger({ directory, genesis, engineKey: Buffer.from(engineKey, 'base64') })
const openMs = performance.now() - start
const opened = memory()
const transactions: Uint8Array[] = []
const bundle = readFileSync(wires)
for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) {
  transactions.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)))
}
await submitAll(ledger, transactions, 1024)
const loaded = memory()
const rssMaxMB = process.resourceUsage().maxRSS / 1000
await ledger.close()
console.log(JSON.stringify({ openMs, opened, loaded, rssMaxMB } satisfies ChildOutput))
