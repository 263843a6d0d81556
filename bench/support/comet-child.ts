/**
 * One member's replica on CometBFT in a process of its own, as it is in a network. It takes transactions in batches
 * over the process channel and answers in batches which of them are committed here.
 */
import { openCometLedger } from '@salus/ledger'

export interface ReplicaOptions {
  readonly directory: string
  readonly genesis: string
  readonly binary: string
  readonly consensusKey: Uint8Array
  readonly nodeKey: Uint8Array
  readonly listen: string
  readonly peers: readonly string[]
}

/** Transactions with the numbers by which their sender knows them. */
export interface Batch {
  readonly ids: readonly number[]
  readonly wires: readonly Uint8Array[]
}

/** What the process is told: first what to open, then transactions, at last null to end. */
export type ToReplica = ReplicaOptions | Batch | null
/** What it tells: first true when it is open, then numbers of committed transactions, or why one was not taken. */
export type FromReplica = true | readonly number[] | string

const tell = (message: FromReplica): boolean | undefined => process.send?.(message)
let committed: number[] = []

/** All that one block held leaves in one message. */
function tellCommitted(id: number): void {
  if (committed.push(id) > 1) return
  setImmediate(() => {
    tell(committed)
    committed = []
  })
}

function open(options: ReplicaOptions): void {
  const onFailed = (error: unknown): boolean | undefined => tell(String(error))
  openCometLedger({ ...options, onFailed }).then((ledger) => {
    const submit = async (wire: Uint8Array, id: number): Promise<void> => {
      const { code } = await ledger.submit(wire)
      if (code === null) tellCommitted(id)
      else tell(code)
    }
    process.on('message', (message: Exclude<ToReplica, ReplicaOptions>) => {
      if (message === null) void ledger.close().then(() => process.exit())
      else message.wires.forEach((wire, i) => void submit(wire, message.ids[i] as number).catch((e) => tell(String(e))))
    })
    tell(true)
  })
}

process.once('message', open)
process.once('disconnect', () => process.exit())
