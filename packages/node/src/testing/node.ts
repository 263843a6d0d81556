/** A whole node over a real embedded ledger, in a folder of its own, for tests that come in through its doors. */
import { join } from 'node:path'
import { type Signer, signPatientRequest, utf8 } from '@salus/core'
import { makeKeys, writeKeys } from '../keys.ts'
import { type OpenNode, openNode } from '../node.ts'
import { startTestLedger, type TestLedger } from './ledger.ts'

export interface Answer<T> {
  readonly status: number
  readonly json: T
}

/** A refusal of a door that is not FHIR's. */
export interface Refusal {
  readonly error: { readonly code: string; readonly details: Readonly<Record<string, unknown>> }
}

export interface TestNode {
  readonly network: TestLedger
  readonly node: OpenNode
  /** A request of an operator; `body` is sent as JSON of that media type. */
  asOperator<T>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH',
    path: string,
    body?: unknown,
    type?: string,
  ): Promise<Answer<T>>
  /** A request that a patient's key signs. */
  asPatient<T>(identity: Signer, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>>
  close(): Promise<void>
}

/** The node of Riverside, on a ledger that has Lakeside too. */
export async function openTestNode(): Promise<TestNode> {
  const network = await startTestLedger(['riverside', 'lakeside'])
  const keyFile = join(network.directory, 'keys.json')
  writeKeys(keyFile, { ...makeKeys(), signing: (network.members[0] as TestLedger['members'][number]).seed })
  const { genesisText, ledger } = network
  const directory = join(network.directory, 'node')
  const node = await openNode({ handle: 'riverside', directory, keyFile, genesisText, ledger, consensusKey: null })
  const order = { kind: 'operator', practitioner: null, scopes: 'system/*.cruds', lifetimeS: 600 } as const
  const token = await node.issueToken(order)
  return {
    network,
    node,
    asOperator: async (method, path, body, type = 'application/json') => {
      const reply = await node.app.inject({
        method,
        url: path,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      })
      return { status: reply.statusCode, json: reply.json() }
    },
    asPatient: async (identity, method, path, body) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      const signed = { audience: node.memberId, method, path, timeMs: Date.now(), body: utf8(text) }
      const reply = await node.app.inject({
        method,
        url: path,
        headers: {
          authorization: await signPatientRequest(identity, signed),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { payload: text }),
      })
      return { status: reply.statusCode, json: reply.json() }
    },
    close: async () => {
      await node.close()
      await network.remove()
    },
  }
}
