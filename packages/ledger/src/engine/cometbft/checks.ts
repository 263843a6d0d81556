/**
 * Verdicts on transactions, each found once: when a client hands it in or when it comes out of the mempool, and known
 * by the hash of its bytes when a block holds it. What no block took is forgotten as new ones come.
 */
import { binaryName, digest } from '../../digest.ts'
import type { OrderedTransaction } from '../engine.ts'
import { openChecked, type Verdict } from '../signature-batch.ts'
import type { SignaturePool } from '../signature-pool.ts'

/** Most verdicts remembered: for what the mempool may hold and a block more. */
const REMEMBERED_MAX = 60_000

/** A transaction of a block with its {@link wireName}. */
export interface NamedTransaction extends OrderedTransaction {
  readonly name: string
}

/** The name of a transaction in maps: SHA-256 of its bytes, signature included. */
export function wireName(wire: Uint8Array): string {
  return binaryName(digest(wire))
}

export class TransactionChecks {
  readonly #signatures: SignaturePool
  readonly #known = new Map<string, Verdict | Promise<Verdict>>()

  constructor(signatures: SignaturePool) {
    this.#signatures = signatures
  }

  /** The verdict on a transaction; at once where it is known. `wire` must not change until then. */
  check(wire: Uint8Array, name: string = wireName(wire)): Verdict | Promise<Verdict> {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const promise = new Promise<Verdict>((resolve) => {
      this.#signatures.check(wire, (verdict) => {
        if (this.#known.get(name) === promise) this.#known.set(name, verdict)
        resolve(verdict)
      })
    })
    this.#known.set(name, promise)
    if (this.#known.size > REMEMBERED_MAX) this.#known.delete(this.#known.keys().next().value as string)
    return promise
  }

  /** The transactions of a block, taken apart, in order. */
  async order(wires: readonly Uint8Array[]): Promise<readonly NamedTransaction[]> {
    const names = wires.map(wireName)
    const verdicts = wires.map((wire, i) => this.check(wire, names[i]))
    const known = verdicts.some((each) => each instanceof Promise) ? await Promise.all(verdicts) : verdicts
    return wires.map((wire, i) => {
      return { wire, name: names[i] as string, checked: openChecked(wire, known[i] as Verdict) }
    })
  }

  /** Checks what is not known yet, for later. */
  expect(wires: readonly Uint8Array[]): void {
    for (const wire of wires) void this.check(wire)
  }

  /** Forgets a transaction that a block took. */
  forget(name: string): void {
    this.#known.delete(name)
  }
}
