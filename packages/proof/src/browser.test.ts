import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { makeCases } from '../test/cases.ts'
import { World } from '../test/world.ts'
import { openProofFile, writeProofFile } from './proof-file.ts'

for (const [engine, code] of [
  ['embedded', 'checkpoint-signature'],
  ['cometbft', 'checkpoint-commit-trust'],
] as const) {
  test(`the browser's cryptography verifies and refuses the same proofs of ${engine}, without anything of Node`, async () => {
    const { world, disclosure, record, present, absent, omission } = await makeCases(new World('test', engine))
    const genesis = world.genesisText
    const valid = [disclosure, record, present, absent, omission].map(writeProofFile)
    const forged = writeProofFile({ ...disclosure, checkpoint: world.checkpoint('thief') })
    const workerData = { proofs: [...valid, forged], genesis }
    const worker = new Worker(new URL('../test/browser-worker.ts', import.meta.url), { workerData })
    const [{ results, loaded }] = await once(worker, 'message')
    assert.deepEqual(results, [
      ...valid.map((proof) => ({ valid: true, ...openProofFile(proof, genesis) })),
      { valid: false, code },
    ])
    assert.ok(loaded.some((url: string) => url.endsWith('/crypto.browser.ts')))
    assert.ok(!loaded.some((url: string) => url.endsWith('/crypto.node.ts')))
  })
}
