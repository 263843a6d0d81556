/** The worked examples of docs/spec are what this code gives. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  appHash,
  ed25519Signer,
  encode,
  LogEntry,
  parseTransaction,
  sha256,
  signTransaction,
  stateLeafHash,
  toHex,
  utf8,
} from '@salus/core'
import { logLeafHash, MerkleLog } from './log/merkle-log.ts'
import { StateIndex } from './state/state-index.ts'

/** Asserts that the page gives `values` under their names, as lines `name = hex`; prints what it should say if not. */
function assertExamples(page: string, values: Readonly<Record<string, Uint8Array>>): void {
  const text = readFileSync(new URL(`../../../docs/spec/${page}`, import.meta.url), 'utf8')
  const lines = Object.entries(values).map(([name, bytes]) => `${name} = ${toHex(bytes)}`)
  for (const line of lines) assert.ok(text.includes(`${line}\n`), `${page} must say:\n${lines.join('\n')}`)
}

test('state-tree.md', () => {
  const index = new StateIndex()
  const values: Record<string, Uint8Array> = { 'root of no keys': index.rehash() }
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const) {
    const keyHash = sha256(utf8(key))
    const leafHash = stateLeafHash(keyHash, Uint8Array.of(value))
    values[`keyHash(${key})`] = keyHash
    values[`leaf(${key})`] = leafHash
    index.change({ keyHash, leafHash, chunk: 0, place: 0 })
    values[`root after ${key}`] = index.rehash()
  }
  const absent = sha256(utf8('e'))
  const { siblings, leaf } = index.path(absent)
  values['keyHash(e)'] = absent
  siblings.toReversed().forEach((sibling, step) => {
    values[`sibling of e at step ${step}`] = sibling ?? new Uint8Array(32)
  })
  values['leaf in the place of e'] = leaf?.leafHash ?? new Uint8Array(32)
  assertExamples('state-tree.md', values)
})

test('log.md', () => {
  const log = new MerkleLog(() => undefined)
  const values: Record<string, Uint8Array> = { 'root of 0 entries': log.root() }
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    const entry = encode(LogEntry, {
      transaction: utf8(name),
      height: 1,
      timeMs: 1000,
      code: i === 1 ? 'expired' : null,
    })
    values[`entry ${i}`] = entry
    values[`leaf ${i}`] = logLeafHash(entry)
    log.append(logLeafHash(entry))
    values[`root of ${i + 1} entries`] = log.root()
  }
  const stateRoot = new Uint8Array(32).fill(0x11)
  values['app hash'] = appHash({ logSize: 3, logRoot: log.root(), stateRoot, protocol: 1 })
  assertExamples('log.md', values)
})

test('transaction.md', async () => {
  const signer = ed25519Signer(new Uint8Array(32).fill(1))
  const body = {
    ledgerId: new Uint8Array(32).fill(2),
    signer: signer.publicKey,
    nonce: new Uint8Array(16).fill(3),
    expiresAtMs: 1_767_225_600_000,
    commands: [{ contract: 'consent', command: 'revoke', args: [new Uint8Array(16).fill(4)] }],
  }
  const wire = await signTransaction(body, signer)
  const { id, signature } = parseTransaction(wire)
  assertExamples('transaction.md', { 'public key': signer.publicKey.bytes, id, signature, transaction: wire })
})
