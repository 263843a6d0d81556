import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { toHex, utf8 } from '../bytes.ts'
import { DOMAIN, domainHash } from '../hash.ts'
import { CHAIN_DOMAIN, CHAIN_START, nextChainHead } from './batch.ts'
import { STATE_LEAF_TAG, stateKey, stateLeafHash } from './state-key.ts'

const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')

test('domain tags are distinct, hold no zero byte, and stand before every hash', () => {
  const tags = Object.values(DOMAIN)
  assert.equal(new Set(tags).size, tags.length)
  for (const tag of tags) {
    assert.ok(!tag.includes('\0'))
    assert.equal(toHex(domainHash(tag, utf8('a'), utf8('b'))), sha256(utf8(`${tag}\0ab`)))
  }
})

test('the chain of a file depends on order, count and kind', () => {
  const [a, b] = [1, 2].map((n) => ({ count: n, root: new Uint8Array(32).fill(n) })) as [Batch, Batch]
  const head = (kind: 'disclosure' | 'record', ...batches: readonly Batch[]) =>
    toHex(batches.reduce((at, batch) => nextChainHead(CHAIN_DOMAIN[kind], at, batch), CHAIN_START))
  const heads = [
    head('disclosure'),
    head('disclosure', a),
    head('disclosure', a, b),
    head('disclosure', b, a),
    head('record', a, b),
    head('disclosure', { ...a, count: 3 }),
  ]
  assert.equal(new Set(heads).size, heads.length)
  const count = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)
  assert.equal(heads[1], sha256(utf8('salus/v1/disclosure-chain\0'), CHAIN_START, count, a.root))
})

test('a leaf of state is longer than an inner node', () => {
  assert.equal(STATE_LEAF_TAG.length, 33)
  const keyHash = new Uint8Array(32).fill(9)
  const tag = Buffer.alloc(33)
  tag.write('salus/v1/state-leaf')
  assert.equal(toHex(stateLeafHash(keyHash, utf8('v'))), sha256(tag, keyHash, utf8('v')))
  assert.equal(toHex(stateKey('c', 't', [1, 'x'])), '84616361740161' + '78')
})

type Batch = { readonly count: number; readonly root: Uint8Array }
