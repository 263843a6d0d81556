/** The thread in which a snapshot is taken; see take.ts. Its one message says that the next commit may be made. */
import { parentPort, workerData } from 'node:worker_threads'
import { type SnapshotJob, writeSnapshot } from './take.ts'

writeSnapshot(workerData as SnapshotJob, () => parentPort?.postMessage('held'))
