import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { call, consent, consents, grant, members } from '@salus/contracts'
import { ed25519Signer, randomBytes, readGenesis, signTransaction } from '@salus/core'
import { verifyStateProof } from '@salus/proof'
import { EmbeddedLedger } from './engine/embedded.ts'
import {
  ENGINE_KEY,
  putCall,
  signedTransaction,
  TEST_RULES,
  TEST_TIME_MS,
  testGenesis,
  values,
} from './engine/test-rules.ts'
import { auditLedger, openEmbeddedLedger } from './open.ts'

const genesis = testGenesis()
const clock = (): number => TEST_TIME_MS

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-open-'))
  try {
    await work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('the registered contracts run: members from genesis, a consent granted and proven, an audit', () =>
  withDirectory(async (directory) => {
    const ledger = await openEmbeddedLedger({ directory, genesis, engineKey: ENGINE_KEY, clock })
    const { ledgerId, members: admitted } = readGenesis(genesis)
    assert.equal(members.get(ledger, admitted[0]?.id as string)?.name, 'Riverside')
    const signer = ed25519Signer(randomBytes(32))
    const consentId = randomBytes(16)
    const commands = [call(consent, grant, { consentId, commitment: randomBytes(32), expiresAtMs: null })]
    const body = { ledgerId, signer: signer.publicKey, nonce: randomBytes(16), expiresAtMs: clock() + 1000, commands }
    assert.equal((await ledger.submit(await signTransaction(body, signer))).code, null)
    const proof = await ledger.proveState(consents.key(consentId))
    verifyStateProof(proof, readGenesis(genesis))
    assert.equal(consents.parse(proof.value as Uint8Array).status, 'active')
    assert.equal(auditLedger(directory, genesis).divergence, null)
    await ledger.close()
  }))

test('only the engine of the genesis file may open a ledger', () =>
  withDirectory(async (directory) => {
    const wrong = openEmbeddedLedger({ directory, genesis, engineKey: randomBytes(32), clock })
    await assert.rejects(wrong, { code: 'engine-key-mismatch' })
    await assert.rejects(openEmbeddedLedger({ directory, genesis: '{}', engineKey: ENGINE_KEY }), {
      code: 'genesis-malformed',
    })
  }))

test('after a failed write nothing is acknowledged, and opening again shows what was kept', () =>
  withDirectory(async (directory) => {
    const options = { directory, genesis, engineKey: ENGINE_KEY, clock, rules: TEST_RULES }
    const ledger = new EmbeddedLedger(options)
    await ledger.submit(await signedTransaction([putCall(1, 'kept')]))
    const edit = (sql: string): void => {
      const database = new DatabaseSync(join(directory, 'ledger.sqlite'))
      database.exec(sql)
      database.close()
    }
    edit('ALTER TABLE replay RENAME TO gone')
    const lost = await signedTransaction([putCall(2, 'lost')])
    assert.equal(ledger.status().isFailed, false)
    await assert.rejects(ledger.submit(lost), { code: 'ledger-failed' })
    await assert.rejects(ledger.submit(lost), { code: 'ledger-failed' })
    assert.equal(ledger.status().isFailed, true)
    await ledger.close()
    edit('ALTER TABLE gone RENAME TO replay')
    const again = new EmbeddedLedger(options)
    assert.equal(again.status().height, 1)
    assert.ok(again.get(values.key(1)))
    assert.equal((await again.submit(lost)).code, null)
    await again.close()
  }))

test('a queue that is full refuses, and takes transactions again when there is room', () =>
  withDirectory(async (directory) => {
    const ledger = await openEmbeddedLedger({ directory, genesis, engineKey: ENGINE_KEY, clock })
    const wire = await signedTransaction([
      putCall(1, 'x'.repeat(900)),
      ...Array.from({ length: 55 }, (_, n) => putCall(n, 'x'.repeat(1000))),
    ])
    const results = await Promise.allSettled(Array.from({ length: 1400 }, () => ledger.submit(wire)))
    const refused = results.filter((result) => result.status === 'rejected')
    assert.ok(refused.length > 0 && refused.length < 1400)
    for (const result of refused) assert.equal((result.reason as { code: string }).code, 'ledger-full')
    assert.equal((await ledger.submit(wire)).code, 'replayed')
    await ledger.close()
  }))
