/**
 * One member's FHIR server in a process of its own, so that its CPU time is its own: with the gate and the journal
 * (`gate`), or with a permit for everything and nothing recorded (`open`). Only the gate differs.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ed25519PublicKey, ed25519Signer, memberId, randomBytes, readGenesis, writeGenesis } from '@salus/core'
import { openEmbeddedLedger } from '@salus/ledger'
import Fastify, { LogController } from 'fastify'
import { fhirApi } from '../../packages/node/src/api/fhir/plugin.ts'
import type { Principal } from '../../packages/node/src/auth/principal.ts'
import { parseScopes } from '../../packages/node/src/auth/scopes.ts'
import { ledgerDecider } from '../../packages/node/src/consent/decider.ts'
import { CONSENT_DOCUMENTS_DDL, ConsentDocuments } from '../../packages/node/src/consent/documents.ts'
import { mintPermit } from '../../packages/node/src/consent/mint.ts'
import { openSqlite } from '../../packages/node/src/db/sqlite.ts'
import { Journal } from '../../packages/node/src/disclosure/journal.ts'
import { FILES_DDL, Files } from '../../packages/node/src/files/files.ts'
import type { Gate } from '../../packages/node/src/gate/gate.ts'
import { RememberedOwners } from '../../packages/node/src/gate/owners.ts'
import { SalusGate } from '../../packages/node/src/gate/salus-gate.ts'
import { Outbox } from '../../packages/node/src/outbox/outbox.ts'
import { OUTBOX_DDL } from '../../packages/node/src/outbox/tables.ts'
import { anchorLater, recordingWriter } from '../../packages/node/src/recording-writer.ts'
import { openKeyRing } from '../../packages/node/src/vault/keys.ts'
import { ownersOf } from '../../packages/node/src/vault/owners-of.ts'
import { openVault, vaultDdl } from '../../packages/node/src/vault/store.ts'

const directory = mkdtempSync(join(tmpdir(), 'salus-bench-'))
const engineKey = randomBytes(32)
const sign = ed25519Signer(randomBytes(32))
const custodian = memberId('Bench', sign.publicKey.bytes)
const genesisText = writeGenesis({
  format: 'salus-genesis/1',
  network: 'bench',
  timeMs: Date.now(),
  protocol: 1,
  engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
  members: [
    {
      id: custodian,
      handle: 'bench',
      name: 'Bench',
      roles: ['provider'],
      signingKey: sign.publicKey.bytes,
      encryptionKey: randomBytes(32),
      url: 'http://127.0.0.1:1',
    },
  ],
})
const ledger = await openEmbeddedLedger({ directory: join(directory, 'ledger'), genesis: genesisText, engineKey })
const database = openSqlite(join(directory, 'node.db'), [FILES_DDL, OUTBOX_DDL, CONSENT_DOCUMENTS_DDL, vaultDdl])
const files = await Files.load(database)
const journal = await Journal.open(join(directory, 'journal.db'), { onTrouble: (code) => console.error(code) })
const outbox = await Outbox.open({ database, journal, ledger, sign, onTrouble: (code) => console.error(code) })
const vault = await openVault({
  database,
  keyRing: openKeyRing(randomBytes(32)),
  onVersions: (transaction, versions) => anchorLater(transaction, versions, files, outbox),
})
const consents = await ConsentDocuments.load({
  database,
  ledger,
  files,
  custodian,
  now: Date.now,
  report: (error) => console.error(error.code),
})
const owners = new RememberedOwners((type, id) => ownersOf(database.read, type, id))
const real = new SalusGate({
  custodian,
  files,
  journal,
  decider: ledgerDecider(ledger, consents.index),
  ownersOf: owners.ownersOf,
  now: Date.now,
})
const open: Gate = {
  open: async (principal, ask) => {
    const request = {
      requester: custodian,
      custodian,
      practitioner: principal.practitioner,
      operator: true,
      purpose: ask.purpose.code,
      emergency: null,
      timeMs: Date.now(),
    }
    const permit = mintPermit(request, { files: new Map(), others: 'all', general: true })
    return { permit, close: async () => undefined, notFound: async () => undefined }
  },
}

const operator: Principal = {
  kind: 'operator',
  member: custodian,
  practitioner: null,
  scopes: parseScopes('system/*.cruds'),
  asserted: null,
}
const clinician: Principal = {
  kind: 'practitioner',
  member: custodian,
  practitioner: 'Practitioner/bench',
  scopes: parseScopes('user/*.cruds'),
  asserted: null,
}
const writer = recordingWriter({ writer: vault.writer, files, outbox, owners })
const app = Fastify({ logController: new LogController({ disableRequestLogging: true }) })
for (const [prefix, gate] of [
  ['/gate/fhir', real],
  ['/open/fhir', open],
] as const) {
  await app.register(
    async (scope) =>
      fhirApi(scope, {
        vaultReader: vault.reader,
        vaultWriter: writer,
        gate,
        authenticate: async (request) => (request.headers.authorization === 'operator' ? operator : clinician),
        fhirBase: `http://127.0.0.1${prefix}`,
        linkBaseFor: () => `http://127.0.0.1${prefix}`,
        oauth: { token: '', introspect: '', revoke: '' },
        prove: () => Promise.reject(new Error('not measured')),
      }),
    { prefix },
  )
}
app.get('/plain', async () => ({ resourceType: 'Observation' }))
await app.listen({ host: '127.0.0.1', port: 0 })

process.on('message', async (message: 'usage' | 'flush' | 'stop') => {
  if (message === 'stop') {
    await app.close()
    await outbox.close()
    await journal.close()
    await database.close()
    await ledger.close()
    rmSync(directory, { recursive: true, force: true })
    process.exit(0)
  }
  if (message === 'flush') await outbox.flush()
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuUs: user + system })
})
process.send?.({ port: (app.server.address() as { port: number }).port, genesis: readGenesis(genesisText).network })
