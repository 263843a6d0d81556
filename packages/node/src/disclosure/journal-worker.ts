/**
 * The journal's thread: owns `journal.db` and writes it, so that neither the commit that a request waits for nor the
 * sealing afterwards takes time of the main thread. An error ends the thread; journal.ts starts another.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { JournalStore, type Statement } from './journal-store.ts'

/** What the thread is told: frames to append (`packFrames`), statements to run, to seal what is stored, or to end. */
export type JournalOrder = Uint8Array | readonly Statement[] | 'seal' | 'close'

/** What it answers, orders of one kind in their order: it is open; the frames are durable; and so on. */
export type JournalAnswer = 'open' | 'appended' | 'written' | 'sealed'

const port = parentPort
if (port === null) throw new Error('the journal runs in a thread of its own')
const answer = (what: JournalAnswer): void => port.postMessage(what)

const store = new JournalStore((workerData as { readonly path: string }).path)
while (!store.sealSlice(store.last));
answer('open')

/** Up to where each order to seal goes. */
const targets: number[] = []

/** One slice for each turn, so that appends come in between. */
function seal(): void {
  const [target] = targets
  if (target === undefined) return
  if (store.sealSlice(target)) {
    targets.shift()
    answer('sealed')
  }
  if (targets.length > 0) setImmediate(seal)
}

port.on('message', (order: JournalOrder) => {
  if (order === 'seal') {
    targets.push(store.last)
    if (targets.length === 1) setImmediate(seal)
  } else if (order === 'close') {
    targets.length = 0
    store.close()
    port.close()
  } else if (order instanceof Uint8Array) {
    store.append(order)
    answer('appended')
  } else {
    store.write(order)
    answer('written')
  }
})
