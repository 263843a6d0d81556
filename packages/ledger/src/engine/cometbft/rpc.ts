/**
 * The few calls that the engine makes to CometBFT's JSON-RPC, over a unix socket that nobody else reaches. Numbers of
 * 64 bits come as decimal text, hashes as hexadecimal, keys and signatures as base64, times as RFC 3339.
 */
import { Agent, request } from 'node:http'
import { fromUtf8, SalusError, toBase64 } from '@salus/core'

/** Longest answer read, in bytes: validators and commits of 128 validators stay far below. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024
const ANSWER_MS_MAX = 10_000

/** An error that CometBFT reported; `data` is its text. */
export interface RpcFailure {
  readonly code: number
  readonly message: string
  readonly data?: string
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: RpcFailure
}

interface Call {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

export class CometRpc {
  readonly #socketPath: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /**
   * One call.
   * @throws SalusError `cometbft-unreachable`, `cometbft-refused`
   */
  async call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const [answer] = await this.#post([{ method, params }])
    if (answer?.error || answer?.result === undefined) {
      const why = answer?.error?.data ?? answer?.error?.message ?? 'no result'
      throw new SalusError('cometbft-refused', 'CometBFT refused a call', { method, why })
    }
    return answer.result
  }

  /**
   * Hands transactions to the mempool, in order; for each the reason why it was not taken, or null.
   * @throws SalusError `cometbft-unreachable`
   */
  async broadcast(wires: readonly Uint8Array[]): Promise<(string | null)[]> {
    const answers = await this.#post(
      wires.map((wire) => ({ method: 'broadcast_tx_async', params: { tx: toBase64(wire) } })),
    )
    return answers.map(({ error }) => (error ? (error.data ?? error.message) : null))
  }

  close(): void {
    this.#agent.destroy()
  }

  /** The answers to `calls`, in their order. */
  async #post(calls: readonly Call[]): Promise<Answer[]> {
    const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
    const text = await this.#send(body)
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (cause) {
      throw new SalusError('cometbft-unreachable', 'CometBFT answered what is no JSON', {}, cause)
    }
    const answers = Array.isArray(parsed) ? (parsed as Answer[]) : [parsed as Answer]
    const byId = new Map(answers.map((answer) => [answer.id, answer]))
    const ordered = calls.map((_, id) => byId.get(id))
    if (ordered.every((answer) => answer !== undefined)) return ordered
    throw new SalusError('cometbft-unreachable', 'CometBFT did not answer every call')
  }

  #send(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void =>
        reject(new SalusError('cometbft-unreachable', 'CometBFT does not answer', {}, cause))
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const options = { socketPath: this.#socketPath, path: '/', method: 'POST', agent: this.#agent, headers }
      const sent = request({ ...options, timeout: ANSWER_MS_MAX }, (response) => {
        const chunks: Uint8Array[] = []
        let bytes = 0
        response.on('data', (chunk: Uint8Array) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) sent.destroy(new Error('the answer is too long'))
        })
        response.on('end', () => resolve(fromUtf8(Buffer.concat(chunks))))
        response.on('error', fail)
      })
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.on('error', fail)
      sent.end(body)
    })
  }
}
