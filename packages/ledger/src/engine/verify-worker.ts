/** A thread that checks batches of transactions; see signature-batch.ts for their layout. */
import { parentPort } from 'node:worker_threads'
import { checkBatch } from './signature-batch.ts'

parentPort?.on('message', (batch: Uint8Array) => {
  parentPort?.postMessage(checkBatch(batch))
})
