/** A FHIR server for tests: the real vault in memory behind the test gate. */

import { SalusError } from '@salus/core'
import Fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify'
import { addChallenges, challenged } from '../../auth/challenge.ts'
import type { Principal } from '../../auth/principal.ts'
import { openSqlite } from '../../db/sqlite.ts'
import { openKeyRing } from '../../vault/keys.ts'
import { openVault, type Vault, vaultDdl } from '../../vault/store.ts'
import { fhirApi } from './plugin.ts'
import { principal, TestGate } from './test-gate.ts'

export const BASE = 'http://custodian.example/fhir'

/** Tokens of the tests. */
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  operator: principal('operator', 'system/*.cruds'),
  clinician: principal('practitioner', 'user/*.cruds'),
  observations: principal('practitioner', 'user/Observation.rs user/Patient.r'),
  writer: principal('practitioner', 'user/Patient.cu'),
  launched: principal('practitioner', 'patient/*.rs'),
  member: principal('member', 'system/*.rs'),
}

export interface TestServer {
  readonly app: FastifyInstance
  readonly gate: TestGate
  readonly vault: Vault
  readonly logged: string[]
  /** A request as the operator, or whom `as` names; `body` is sent as FHIR JSON. */
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Reply>
  readonly close: () => Promise<void>
}

export interface CallOptions {
  readonly as?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** What tests look at in replies of any type; absent members only matter to the test that looks at them. */
export interface ReplyJson {
  readonly resourceType: string
  readonly id: string
  readonly type: string
  readonly total: number
  readonly active: boolean
  readonly fhirVersion: string
  readonly implementation: { readonly url: string }
  readonly subject: { readonly reference: string }
  readonly managingOrganization: { readonly reference: string }
  readonly focus: readonly { readonly reference: string }[]
  readonly performer: readonly { readonly reference: string }[]
  readonly telecom: readonly { readonly value: string }[]
  readonly link: readonly { readonly relation: string; readonly url: string }[]
  readonly issue: readonly ReplyIssue[]
  readonly entry: readonly ReplyEntry[]
  readonly rest: readonly { readonly resource: readonly ReplyCapability[] }[]
}

export interface ReplyIssue {
  readonly severity: string
  readonly diagnostics: string
  readonly expression: readonly string[]
  readonly details: { readonly coding: readonly { readonly code: string }[] }
}

export interface ReplyEntry {
  readonly fullUrl: string
  readonly resource: ReplyJson
  readonly search: { readonly mode: string }
  readonly request: { readonly method: string }
  readonly response: {
    readonly status: string
    readonly etag: string
    readonly location: string
    readonly outcome: ReplyJson
  }
}

export interface ReplyCapability {
  readonly type: string
  readonly interaction: readonly { readonly code: string }[]
  readonly searchParam: readonly { readonly name: string }[]
  readonly searchInclude?: readonly string[]
  readonly searchRevInclude?: readonly string[]
}

export interface Reply {
  readonly status: number
  readonly headers: LightMyRequestResponse['headers']
  readonly text: string
  readonly json: ReplyJson
}

export async function startTestServer(): Promise<TestServer> {
  const database = openSqlite(':memory:', [vaultDdl])
  const vault = await openVault({ database, keyRing: openKeyRing(new Uint8Array(32).fill(7)), baseUrl: BASE })
  const gate = new TestGate()
  const logged: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => void logged.push(line) } } })
  addChallenges(app)
  await app.register(fhirApi, {
    prefix: '/fhir',
    vaultReader: vault.reader,
    vaultWriter: vault.writer,
    gate,
    // There is no ledger here, so nothing is ever committed.
    prove: () => Promise.reject(new SalusError('not-committed-yet', 'the ledger has not committed this yet')),
    authenticate: (request) =>
      challenged(request, async () => {
        const token = request.headers.authorization?.replace('Bearer ', '')
        const found = token === undefined ? undefined : PRINCIPALS[token]
        if (found === undefined) throw new SalusError('token-missing', 'the request has no access token')
        return found
      }),
    fhirBase: BASE,
    linkBaseFor: ({ kind }) => (kind === 'member' ? 'http://other.example/exchange/custodian/fhir' : BASE),
    oauth: {
      token: 'http://custodian.example/oauth/token',
      introspect: 'http://custodian.example/oauth/introspect',
      revoke: 'http://custodian.example/oauth/revoke',
    },
  })
  return {
    app,
    gate,
    vault,
    logged,
    call: (method, path, options) => call(app, method, path, options),
    close: async () => {
      await app.close()
      await database.close()
    },
  }
}

async function call(app: FastifyInstance, method: string, path: string, options: CallOptions = {}): Promise<Reply> {
  const { as = 'operator', headers = {}, body } = options
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const type = payload === undefined ? {} : { 'content-type': 'application/fhir+json' }
  const injected: InjectOptions = {
    method: method as NonNullable<InjectOptions['method']>,
    url: path.startsWith('http') ? path.slice(path.indexOf('/fhir')) : `/fhir${path}`,
    headers: { authorization: `Bearer ${as}`, ...type, ...headers },
    ...(payload === undefined ? {} : { payload }),
  }
  const { statusCode, headers: answered, body: text } = await app.inject(injected)
  return { status: statusCode, headers: answered, text, json: (text === '' ? {} : JSON.parse(text)) as ReplyJson }
}

/** Stable code of a reply that is an OperationOutcome. */
export function codeOf(reply: Reply): string {
  return String(reply.json.issue[0]?.details.coding[0]?.code)
}
