/** The embedded ledger behind a link that loses, doubles and delays what a node submits and what it hears back. */
import { SalusError } from '@salus/core'
import type { Ledger, Receipt } from '@salus/ledger'
import type { SimulatedNetwork } from '../platform/network.ts'

const REPLY_TIMEOUT_MS = 10_000

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))

/** `ledger` as seen through `network`. */
export function linkedLedger(ledger: Ledger, network: SimulatedNetwork): Ledger {
  const timedOut = async (): Promise<never> => {
    await pause(REPLY_TIMEOUT_MS)
    throw new SalusError('ledger-timeout', 'the ledger does not answer')
  }
  const send = async (wire: Uint8Array): Promise<Receipt> => {
    await pause(network.latencyUs() / 1000)
    return ledger.submit(wire)
  }
  return {
    submit: async (wire) => {
      if (network.isLost()) return timedOut()
      if (network.isDoubled()) send(wire).catch(() => undefined)
      const receipt = await send(wire)
      if (network.isLost()) return timedOut()
      return receipt
    },
    get: (key) => ledger.get(key),
    proveState: (key) => ledger.proveState(key),
    proveEntry: (index) => ledger.proveEntry(index),
    checkpoint: () => ledger.checkpoint(),
    status: () => ledger.status(),
    tile: (path) => ledger.tile(path),
    onBlock: (listener) => ledger.onBlock(listener),
    block: (height) => ledger.block(height),
    close: () => ledger.close(),
  }
}
