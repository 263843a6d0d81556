/**
 * What a joining member asks of others: light blocks, from which its CometBFT learns the app hash of a snapshot. It is
 * public, signed by the validators, and checked by whoever asks; nothing else of CometBFT's RPC is let through.
 */
import { isSalusError } from '@salus/core'
import type { CometRpc } from './rpc.ts'

const METHODS: readonly unknown[] = ['commit', 'validators', 'consensus_params', 'status', 'health']
/** Numbers as decimal text, or none. */
const NUMBER = /^[0-9]{1,19}$/

/** The answer to one JSON-RPC call, both as parsed JSON. */
export async function answerLightCall(rpc: CometRpc, call: unknown): Promise<unknown> {
  const { id = -1, method, params } = (typeof call === 'object' && call !== null ? call : {}) as Record<string, unknown>
  const answer = { jsonrpc: '2.0', id: typeof id === 'number' || typeof id === 'string' ? id : -1 }
  if (!METHODS.includes(method)) return { ...answer, error: { code: -32601, message: 'method not found' } }
  try {
    return { ...answer, result: await rpc.call(method as string, numbersOf(params)) }
  } catch (error) {
    if (!isSalusError(error)) throw error
    const { why = error.message } = error.details
    return { ...answer, error: { code: -32603, message: 'internal error', data: String(why) } }
  }
}

function numbersOf(params: unknown): Record<string, string> {
  if (typeof params !== 'object' || params === null) return {}
  const given = Object.entries(params).filter(([name]) => ['height', 'page', 'per_page'].includes(name))
  return Object.fromEntries(
    given.filter(([, value]) => NUMBER.test(String(value))).map(([name, value]) => [name, `${value}`]),
  )
}
