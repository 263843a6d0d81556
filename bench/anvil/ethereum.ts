/**
 * What the comparison needs of Ethereum: RLP (Yellow Paper, appendix B), legacy transactions signed as EIP-155 says,
 * and JSON-RPC in batches.
 */
import { Agent, request } from 'node:http'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat, toHex } from '@salus/core'

type Rlp = Uint8Array | readonly Rlp[]

function rlpHead(length: number, offset: number): Uint8Array {
  if (length < 56) return Uint8Array.of(offset + length)
  const size = bigEndian(BigInt(length))
  return concat(Uint8Array.of(offset + 55 + size.length), size)
}

function rlp(value: Rlp): Uint8Array {
  if (value instanceof Uint8Array) {
    return value.length === 1 && (value[0] as number) < 0x80 ? value : concat(rlpHead(value.length, 0x80), value)
  }
  const content = concat(...(value as readonly Rlp[]).map(rlp))
  return concat(rlpHead(content.length, 0xc0), content)
}

/** The bytes of a number without leading zeros; none for zero. */
function bigEndian(value: bigint): Uint8Array {
  const text = value === 0n ? '' : value.toString(16)
  return Uint8Array.from(Buffer.from(text.length % 2 ? `0${text}` : text, 'hex'))
}

export interface EthereumCall {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly to: Uint8Array
  readonly data: Uint8Array
  readonly gas: bigint
  readonly gasPrice: bigint
}

/** A legacy transaction with replay protection (EIP-155), as `eth_sendRawTransaction` takes it. */
export function signCall({ chainId, nonce, to, data, gas, gasPrice }: EthereumCall, secret: Uint8Array): string {
  const fields = [bigEndian(nonce), bigEndian(gasPrice), bigEndian(gas), to, new Uint8Array(0), data]
  const none = new Uint8Array(0)
  const hash = keccak_256(rlp([...fields, bigEndian(chainId), none, none]))
  const signature = secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' })
  const v = BigInt(signature[0] as number) + 35n + 2n * chainId
  const [r, s] = [signature.subarray(1, 33), signature.subarray(33)].map((part) =>
    bigEndian(BigInt(`0x${toHex(part)}`)),
  )
  return `0x${toHex(rlp([...fields, bigEndian(v), r as Uint8Array, s as Uint8Array]))}`
}

/** The address of a secret key. */
export function addressOf(secret: Uint8Array): string {
  return `0x${toHex(keccak_256(secp256k1.getPublicKey(secret, false).subarray(1)).subarray(12))}`
}

/** The first four bytes of the hash of a function's signature. */
export function selector(signature: string): Uint8Array {
  return keccak_256(new TextEncoder().encode(signature)).subarray(0, 4)
}

export class JsonRpc {
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true })

  constructor(port: number) {
    this.#port = port
  }

  /** Calls one method several times in one request; the results in order. Throws on the first error. */
  async batch<T>(method: string, calls: readonly (readonly unknown[])[]): Promise<T[]> {
    const body = JSON.stringify(calls.map((params, id) => ({ jsonrpc: '2.0', id, method, params })))
    const answers = JSON.parse(await this.#post(body)) as { id: number; result: T; error?: { message: string } }[]
    const fault = answers.find(({ error }) => error)?.error
    if (fault) throw new Error(`${method}: ${fault.message}`)
    return answers.sort((a, b) => a.id - b.id).map(({ result }) => result)
  }

  async call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    return (await this.batch<T>(method, [params]))[0] as T
  }

  #post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const options = { agent: this.#agent, host: '127.0.0.1', port: this.#port, method: 'POST', headers }
      const sent = request(options, (reply) => {
        let text = ''
        reply.setEncoding('utf8')
        reply.on('data', (part: string) => (text += part))
        reply.on('end', () => resolve(text))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}
