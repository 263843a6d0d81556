/**
 * Port 8080 of the demo: the page from which one steps into each role. Whoever can reach it can be anybody in the demo,
 * which is what it is for; foreign pages in the same browser cannot (they are refused by `Origin` and `Host`).
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { SalusError, toBase64url, utf8 } from '@salus/core'
import { pageHeaders, type StaticFile, staticFiles } from '@salus/node'
import type { Network } from '../network.ts'
import { portalFiles } from '../portal-files.ts'
import type { RunningMembers } from './options.ts'
import type { DemoStaff } from './staff.ts'

export interface DemoSite {
  close(): Promise<void>
}

interface SiteOptions {
  readonly host: string
  readonly port: number
  readonly network: Network
  readonly status: RunningMembers['status']
  readonly staff: readonly DemoStaff[]
}

const BODY_BYTES_MAX = 1024

/** Serves the page; resolves once it listens. */
export async function startDemoSite(options: SiteOptions): Promise<DemoSite> {
  const folder = portalFiles()
  const files = folder === undefined ? new Map<string, StaticFile>() : staticFiles(folder)
  const server = createServer((request, response) => {
    answer(options, files, request, response).catch((error: unknown) => {
      const code = error instanceof SalusError ? error.code : 'internal'
      sendJson(response, code === 'internal' ? 500 : 400, { error: { code, message: 'the demo refuses this' } })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  options: SiteOptions,
  files: ReadonlyMap<string, StaticFile>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://demo').pathname
  if (path === '/demo/roles' && request.method === 'GET') return sendJson(response, 200, await roles(options))
  if (path === '/demo/enter' && request.method === 'POST') {
    requireOwnPage(options, request)
    return sendJson(response, 200, { url: await enter(options, keyOf(await readBody(request))) })
  }
  if (path === '/' && files.size === 0) return sendPlain(response, options)
  const file = files.get(path === '/' ? '/demo.html' : path)
  if (file === undefined || request.method !== 'GET') return sendJson(response, 404, { error: { code: 'not-found' } })
  const { headers, body } = await file.reply(String(request.headers['accept-encoding'] ?? ''))
  response.writeHead(200, { ...pageHeaders([]), ...headers }).end(body)
}

/** @throws SalusError `demo-foreign-page` */
function requireOwnPage({ host, port }: SiteOptions, { headers }: IncomingMessage): void {
  const own = [host, '127.0.0.1', 'localhost'].map((name) => `${name}:${port}`)
  const isOwn = own.includes(headers.host ?? '') && own.some((name) => headers.origin === `http://${name}`)
  if (!isOwn) throw new SalusError('demo-foreign-page', 'only the page of the demo may ask this')
}

async function roles({ network, status, staff }: SiteOptions): Promise<object> {
  const { height, logSize, logRoot } = await status()
  return {
    patients: network.patients.map(({ name }, i) => ({ key: `patient/${i}`, name, member: 'Riverside Hospital' })),
    staff: staff.map(({ key, name, kind, member }) => ({ key, name, kind, member })),
    ledger: { height, transactions: logSize, logRoot },
    tour: tour(network),
  }
}

/** The address that signs one in: what it carries stands behind the `#`, which browsers send nowhere. */
async function enter({ network, staff }: SiteOptions, key: string): Promise<string> {
  const person = staff.find((candidate) => candidate.key === key)
  if (person !== undefined) return person.makeLink()
  const patient = network.patients[Number(/^patient\/(\d+)$/.exec(key)?.[1])]
  const riverside = network.members.riverside
  if (patient === undefined || riverside === undefined) throw new SalusError('demo-role-unknown', 'no such role')
  const wallet = toBase64url(utf8(readFileSync(patient.wallet, 'utf8')))
  return `${asDomain(riverside.url)}/app/restore#wallet=${wallet}&passphrase=${encodeURIComponent(patient.passphrase)}`
}

/** Passkeys belong to a domain, which an address is not. */
function asDomain(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:')
}

function keyOf(text: string): string {
  const body: unknown = JSON.parse(text)
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined
  if (typeof key !== 'string') throw new SalusError('demo-role-unknown', 'no such role')
  return key
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new SalusError('body-too-large', 'the body is too large', { BODY_BYTES_MAX })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  response.writeHead(status, headers).end(JSON.stringify(body))
}

/** In place of the page where the portal was never built. */
function sendPlain(response: ServerResponse, { network }: SiteOptions): void {
  const members = Object.entries(network.members).map(([key, { name, fhir }]) => `${key}: ${name}, ${fhir}`)
  const lines = [
    'Salus demo network. npm start builds the pages that belong here.',
    '',
    ...members,
    '',
    ...tour(network),
  ]
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(`${lines.join('\n')}\n`)
}

/** What to try on the command line. */
function tour(network: Network): string[] {
  const [first] = network.patients
  if (first === undefined) return []
  const { wallet, passphrase, files } = first
  return [
    `export SALUS_PASSPHRASE=${passphrase}`,
    `npx salus fetch --as lakeside --from riverside 'Observation?patient=${files.riverside}'`,
    `npx salus consent grant --wallet ${wallet} --custodian riverside --recipient lakeside --type Observation,Condition --days 30 --without-label R,V`,
    `npx salus fetch --as lakeside --from riverside 'Observation?patient=${files.riverside}'`,
    `npx salus log --wallet ${wallet}`,
    `npx salus consent revoke --wallet ${wallet}`,
  ]
}
