/**
 * Transactions through every member, without a pause, and a memory of what was acknowledged. Each opens a file of
 * records under the key of one member and is handed to another member's node, as members do for each other. One whose
 * fate is unknown is handed to the next node, until some node knows what became of it.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, openFile, record } from '@salus/contracts'
import {
  ed25519PublicKey,
  ed25519Signer,
  parseTransaction,
  readGenesis,
  signTransaction,
  toBase64url,
  toHex,
} from '@salus/core'
import type { Receipt } from '@salus/ledger'
import { MemberTokenClient } from '../../../packages/node/src/auth/client.ts'
import { readPurpose } from '../../../packages/node/src/gate/purpose.ts'
import { ReceiptReply } from '../../../packages/node/src/relay/receipt.ts'
import type { MemberProcess } from './member-process.ts'

const LIFETIME_MS = 10 * 60 * 1000
const ANSWER_MS_MAX = 20_000
const PAUSE_MS = 250

/** `receipt` is null where a node only knows that the transaction is in the log already. */
export interface Acknowledged {
  readonly id: string
  readonly receipt: Receipt | null
}

export interface LoadOptions {
  readonly members: readonly MemberProcess[]
  /** Transactions on their way through each member at a time. */
  readonly inFlight: number
  /** How far the clock of a member is ahead, in milliseconds. */
  readonly clockOf?: (place: number) => number
}

export class Load {
  readonly acknowledged: Acknowledged[] = []
  /** Transactions that were given up because the test ended. */
  unknown = 0
  /** Attempts that came to nothing: the node or its validator was down. */
  failures = 0
  readonly #options: LoadOptions
  readonly #clients: (MemberTokenClient | undefined)[] = []
  #isRunning = false
  #workers: Promise<void>[] = []

  constructor(options: LoadOptions) {
    this.#options = options
  }

  start(): void {
    this.#isRunning = true
    const { members, inFlight } = this.#options
    this.#workers = members.flatMap((_, place) => Array.from({ length: inFlight }, () => this.#work(place)))
  }

  /** Stops and waits for what is on its way, for which another half minute is given. */
  async stop(): Promise<void> {
    this.#isRunning = false
    await Promise.all(this.#workers)
  }

  /** Waits until so many more transactions are acknowledged. */
  async progress(count: number, msMax: number): Promise<void> {
    const startMs = performance.now()
    const goal = this.acknowledged.length + count
    while (this.acknowledged.length < goal) {
      if (performance.now() - startMs > msMax) throw new Error(`not ${count} transactions in ${msMax} ms`)
      await sleep(50)
    }
  }

  async #work(place: number): Promise<void> {
    while (this.#isRunning) {
      const signer = (place + 1) % this.#options.members.length
      const wire = await this.#sign(signer)
      const stoppedAtMs = { value: Number.POSITIVE_INFINITY }
      for (let to = place; ; ) {
        // A member does not ask itself; its own transaction goes to somebody else.
        if (to === signer) to = (to + 1) % this.#options.members.length
        if (await this.#submit(wire, signer, to)) break
        this.failures++
        if (!this.#isRunning) stoppedAtMs.value = Math.min(stoppedAtMs.value, performance.now())
        if (performance.now() - stoppedAtMs.value > 30_000) {
          this.unknown++
          break
        }
        await sleep(PAUSE_MS)
        to = (to + 1) % this.#options.members.length
      }
    }
  }

  async #sign(place: number): Promise<Uint8Array> {
    const member = this.#options.members[place] as MemberProcess
    const signer = ed25519Signer(member.keys.signing)
    return signTransaction(
      {
        ledgerId: readGenesis(member.genesis).ledgerId,
        signer: signer.publicKey,
        nonce: randomBytes(16),
        expiresAtMs: Date.now() + LIFETIME_MS,
        commands: [call(record, openFile, { fileId: randomBytes(16) })],
      },
      signer,
    )
  }

  /** True when it is known what became of the transaction. */
  async #submit(wire: Uint8Array, from: number, to: number): Promise<boolean> {
    try {
      const { file, url } = this.#options.members[to] as MemberProcess
      const purpose = readPurpose('HSYSADMIN', undefined).code
      const token = await this.#client(from, to).tokenFor(file.id, { practitioner: null, purpose, emergency: null })
      const reply = await fetch(`${url}/relay/transactions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ transaction: toBase64url(wire) }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      })
      const answer = (await reply.json()) as { error?: { code: string } }
      const id = toHex(parseTransaction(wire).id)
      if (reply.ok) this.acknowledged.push({ id, receipt: ReceiptReply.parse(answer) })
      else if (answer.error?.code === 'replayed') this.acknowledged.push({ id, receipt: null })
      else return false
      return true
    } catch {
      return false
    }
  }

  /** Each pair has a client of its own: tokens are dated by the clock of who checks them. */
  #client(from: number, to: number): MemberTokenClient {
    const { members, clockOf = () => 0 } = this.#options
    const at = from * members.length + to
    const own = members[from] as MemberProcess
    const known = this.#clients[at]
    if (known) return known
    const client = new MemberTokenClient(
      {
        own: own.file.id,
        byId: (id) => {
          const member = members.find(({ file }) => file.id === id)
          if (member === undefined) return undefined
          const { handle, name, url } = member.file
          const signingKey = ed25519PublicKey(member.keys.signing)
          return { id, handle, name, url, signingKey, status: 'active' }
        },
        byHandle: () => undefined,
      },
      () => own.keys.signing,
      () => Date.now() + clockOf(to),
    )
    this.#clients[at] = client
    return client
  }
}
