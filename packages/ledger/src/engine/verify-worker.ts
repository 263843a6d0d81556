/** A thread that checks batches of Ed25519 signatures; see signature-pool.ts for the layout of a batch. */
import { parentPort } from 'node:worker_threads'
import { verifyBatch } from './signature-batch.ts'

parentPort?.on('message', (batch: Uint8Array) => {
  parentPort?.postMessage(verifyBatch(batch))
})
