/**
 * A closed loop over the validators of a network: as many transactions as are wanted are in flight, evenly spread, and
 * each that is committed makes room for the next at the same validator. Latency is from handing a transaction over to
 * being told that it is committed.
 */
import type { CometNetwork } from './comet-networks.ts'
import { cpuMicroseconds } from './ledger-load.ts'
import { median } from './report.ts'

export interface LoopResult {
  readonly perSecond: number
  readonly medianMs: number
  /** CPU time for each transaction of all processes, that of the load included. */
  readonly cpuMicroseconds: number
}

/** Before the clock starts: the code that V8 compiles, the first blocks. */
const WARM_MS = 4000
const MEASURED_MS = 5000

/** Sends `wires`, which were signed before; counts what is committed until time is up or the last of them is sent. */
export function closedLoop(network: CometNetwork, wires: readonly Uint8Array[], inFlight: number): Promise<LoopResult> {
  const { validators } = network
  const sentAt = new Float64Array(wires.length)
  const sentTo = new Uint8Array(wires.length)
  const latencies: number[] = []
  const startMs = performance.now() + WARM_MS
  let endMs = startMs
  let sent = 0
  let pending = 0
  let isOver = false
  const cpu = (): number => network.cpuMicroseconds() + cpuMicroseconds()
  let cpuFrom = 0
  let cpuUsed = 0
  const send = (validator: number, count: number): void => {
    const end = Math.min(sent + count, wires.length)
    const ids = Array.from({ length: end - sent }, (_, i) => sent + i)
    sentAt.fill(performance.now(), sent, end)
    sentTo.fill(validator, sent, end)
    if (ids.length > 0) network.send(validator, { ids, wires: wires.slice(sent, end) })
    pending += ids.length
    sent = end
  }
  const warm = setTimeout(() => {
    cpuFrom = cpu()
  }, WARM_MS)
  return new Promise((resolve, reject) => {
    network.onCommitted = (ids) => {
      pending -= ids.length
      if (!isOver) {
        endMs = performance.now()
        if (endMs > startMs) for (const id of ids) latencies.push(endMs - (sentAt[id] as number))
        for (let validator = 0; validator < validators; validator++) {
          send(validator, ids.filter((id) => sentTo[id] === validator).length)
        }
        isOver = sent === wires.length || endMs - startMs > MEASURED_MS
        if (isOver) cpuUsed = cpu() - cpuFrom
      }
      if (pending > 0) return
      clearTimeout(warm)
      const count = latencies.length
      if (count === 0) return reject(new Error('the transactions ran out before the clock started: make more ready'))
      const perSecond = (1000 * count) / (endMs - startMs)
      resolve({ perSecond, medianMs: median(latencies), cpuMicroseconds: cpuUsed / count })
    }
    for (let validator = 0; validator < validators; validator++) send(validator, inFlight / validators)
  })
}
