/** Port 8080 of the demo: one plain page that says who is there and what to try. */
import { createServer } from 'node:http'
import type { Network } from '../network.ts'
import type { RunningMembers } from './options.ts'

export interface StatusPage {
  close(): Promise<void>
}

interface PageOptions {
  readonly host: string
  readonly port: number
  readonly network: Network
  readonly status: RunningMembers['status']
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const

/** Serves the page; resolves once it listens. */
export async function startStatusPage(options: PageOptions): Promise<StatusPage> {
  const server = createServer((request, response) => {
    if (request.url !== '/' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
      return
    }
    options.status().then(
      (ledger) => response.writeHead(200, HEADERS).end(page(options.network, ledger)),
      () => response.writeHead(503, { 'content-type': 'text/plain' }).end('the ledger does not answer\n'),
    )
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

function page(network: Network, ledger: Awaited<ReturnType<RunningMembers['status']>>): string {
  const members = Object.entries(network.members).map(
    ([key, member]) =>
      `<tr><td>${escapeHtml(key)}</td><td>${escapeHtml(member.name)}</td><td>${escapeHtml(member.roles.join(', '))}</td>` +
      `<td><a href="${escapeHtml(member.fhir)}/metadata">${escapeHtml(member.fhir)}</a></td></tr>`,
  )
  const patients = network.patients.map(
    (patient) => `<tr><td>${escapeHtml(patient.name)}</td><td><code>${escapeHtml(patient.wallet)}</code></td></tr>`,
  )
  const [first] = network.patients
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Salus</title></head>
<body>
<h1>Salus demo network</h1>
<p>Ledger height ${ledger.height}, ${ledger.logSize} transactions, ${ledger.stateKeys} state keys,
log root <code>${escapeHtml(ledger.logRoot)}</code></p>
<h2>Members</h2>
<table><tr><th>Key</th><th>Name</th><th>Roles</th><th>FHIR</th></tr>${members.join('')}</table>
<h2>Patients at Riverside</h2>
<table><tr><th>Name</th><th>Wallet</th></tr>${patients.join('')}</table>
<h2>What to try next</h2>
<pre>${escapeHtml(suggestions(first?.wallet ?? '', first?.files.riverside ?? '', first?.passphrase ?? ''))}</pre>
</body></html>
`
}

function suggestions(wallet: string, patient: string, passphrase: string): string {
  return [
    `export SALUS_PASSPHRASE=${passphrase}`,
    `npx salus fetch --as lakeside --from riverside 'Observation?patient=${patient}'`,
    `npx salus consent grant --wallet ${wallet} --custodian riverside --recipient lakeside --type Observation,Condition --days 30 --without-label R,V`,
    `npx salus fetch --as lakeside --from riverside 'Observation?patient=${patient}'`,
    `npx salus log --wallet ${wallet}`,
    `npx salus consent revoke --wallet ${wallet}`,
  ].join('\n')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
