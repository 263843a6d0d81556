/** What this node shows of the ledger: status, log entries out of tiles (docs/spec/log.md), proofs. Public data. */
import {
  type Cbor,
  decode,
  fromBase64url,
  fromHex,
  LogEntry,
  parseTransaction,
  readGenesis,
  SalusError,
  type Transaction,
  toBase64url,
  toHex,
} from '@salus/core'
import { openProofFile, type StateClaim, type VerifiedProof, verifyLogProof } from '@salus/proof'
import { parseAnswer, sendForJson, sendForText } from '@salus/sdk'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { z } from 'zod'

const Status = z.object({
  engine: z.string(),
  ledger: z.string(),
  height: z.number(),
  time: z.string(),
  lagMs: z.number(),
  protocol: z.number(),
  logSize: z.number(),
  logRoot: z.string(),
  stateRoot: z.string(),
  stateKeys: z.number(),
})

export const STATUS_EVERY_MS = 2000
const TILE = 256

export const statusQuery = queryOptions({
  queryKey: ['ledger', 'status'],
  queryFn: async () => parseAnswer(Status, await sendForJson(`${location.origin}/ledger/status`)),
  refetchInterval: STATUS_EVERY_MS,
  staleTime: 0,
})

export interface Entry {
  readonly index: number
  readonly height: number
  readonly timeMs: number
  readonly code: string | null
  readonly transaction: Transaction
}

/** The entries of the tile that holds `index`, in a log of `logSize`; older entries stand in the tiles before it. */
export async function readTile(index: number, logSize: number): Promise<readonly Entry[]> {
  const number = Math.floor(index / TILE)
  const width = Math.min(TILE, logSize - number * TILE)
  const path = tilePath(number) + (width === TILE ? '' : `.p/${width}`)
  const response = await fetch(`${location.origin}/ledger/tile/entries/${path}`, { redirect: 'error' })
  if (!response.ok) throw new SalusError('tile-unknown', 'the node does not show this part of the log')
  return split(new Uint8Array(await response.arrayBuffer())).map((bytes, at) => {
    const { height, timeMs, code, transaction } = decode(LogEntry, bytes)
    return { index: number * TILE + at, height, timeMs, code, transaction: parseTransaction(transaction) }
  })
}

/** Entries stand one after another, each after its length in two bytes. */
function split(bundle: Uint8Array): readonly Uint8Array[] {
  const entries: Uint8Array[] = []
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  for (let at = 0; at + 2 <= bundle.length; ) {
    const end = at + 2 + view.getUint16(at)
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries
}

/** 5 is `005`, 1234 is `x001/234`. */
function tilePath(number: number): string {
  const digits = String(number)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/')
}

/** Calls `onChange` when a consent is given, replaced or ended on the ledger, whoever's it is. */
export function useConsentChanges(isWatching: boolean, onChange: () => void): void {
  const { data } = useQuery({ ...statusQuery, enabled: isWatching })
  const seen = useRef<number | null>(null)
  const changed = useRef(onChange)
  changed.current = onChange
  const logSize = isWatching ? data?.logSize : undefined
  useEffect(() => {
    if (logSize === undefined || seen.current === logSize) return
    const before = seen.current
    seen.current = logSize
    if (before === null || logSize <= before) return
    readTile(logSize - 1, logSize).then(
      (entries) => {
        const fresh = entries.filter(({ index }) => index >= before)
        const isWhole = fresh.length === logSize - before
        const names = fresh.flatMap(({ transaction }) => transaction.body.commands.map(({ contract }) => contract))
        if (!isWhole || names.includes('consent')) changed.current()
      },
      () => changed.current(),
    )
  }, [logSize])
}

const EntryProof = z.object({
  index: z.number(),
  entry: z.string(),
  path: z.array(z.string()),
  checkpoint: z.string(),
})

async function genesisText(): Promise<string> {
  return sendForText(`${location.origin}/ledger/genesis`)
}

/** Checks in this browser that an entry stands in the signed log. @throws SalusError with the link that does not hold */
export async function checkEntry(index: number): Promise<{ height: number; logSize: number }> {
  const answer = parseAnswer(EntryProof, await sendForJson(`${location.origin}/ledger/proof/entry/${index}`))
  const proof = {
    index,
    entry: fromBase64url(answer.entry),
    path: answer.path.map(fromHex),
    checkpoint: answer.checkpoint,
  }
  const { checkpoint } = verifyLogProof(proof, readGenesis(await genesisText()))
  return { height: checkpoint.height, logSize: checkpoint.logSize }
}

export interface CheckedState {
  readonly claim: StateClaim
  readonly checkpoint: VerifiedProof['checkpoint']
  /** The proof file, to keep. */
  readonly text: string
}

/** Fetches the proof of a state key and checks it in this browser. */
export async function checkState(key: Uint8Array): Promise<CheckedState> {
  const [text, genesis] = await Promise.all([
    sendForText(`${location.origin}/ledger/proof/state/${toBase64url(key)}`),
    genesisText(),
  ])
  const { claim, checkpoint } = openProofFile(text, genesis)
  if (claim.kind !== 'state' || claim.key !== toHex(key)) {
    throw new SalusError('state-proof-key', 'the proof is about another key')
  }
  return { claim, checkpoint, text }
}

/** CBOR as JSON that people read: bytes as hexadecimal. */
export function printable(value: Cbor | unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(printable)
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [String(k), printable(v)]))
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, printable(v)]))
  }
  return value
}
