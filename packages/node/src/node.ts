/** A member's node, put together: database, files, outbox, vault, consents, gate, authentication, server. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type PublicKey, readGenesis, SalusError } from '@salus/core'
import type { Ledger, Relay } from '@salus/ledger'
import type { FastifyInstance } from 'fastify'
import { destination, type Logger, pino } from 'pino'
import { proveAuditEvent } from './audit/audit-proof.ts'
import { withAuditEvents, withAuditOwners } from './audit/audit-reader.ts'
import { withoutAuditWrites } from './audit/audit-writer.ts'
import { openAuth, type TokenOrder } from './auth/auth.ts'
import { MemberTokenClient } from './auth/client.ts'
import { endpointsOf } from './auth/endpoints.ts'
import { ledgerMembers, type Members } from './auth/members.ts'
import type { Principal } from './auth/principal.ts'
import { AUTH_TABLES } from './auth/tables.ts'
import { ledgerDecider } from './consent/decider.ts'
import { CONSENT_DOCUMENTS_DDL, ConsentDocuments } from './consent/documents.ts'
import type { Database } from './db/database.ts'
import { openSqlite } from './db/sqlite.ts'
import { Journal } from './disclosure/journal.ts'
import { ERASURE_DDL, erasePatient } from './erase.ts'
import { FILES_DDL, Files } from './files/files.ts'
import { RememberedOwners } from './gate/owners.ts'
import { SalusGate } from './gate/salus-gate.ts'
import { KeyFile, tokenJwk } from './keys.ts'
import type { ConsensusKey } from './membership/membership.ts'
import { followMembers } from './organizations.ts'
import { Outbox } from './outbox/outbox.ts'
import { proveVersion } from './outbox/prove-version.ts'
import { OUTBOX_DDL } from './outbox/tables.ts'
import { PatientEvents } from './portal/events.ts'
import { openPortal } from './portal/open.ts'
import { PORTAL_TABLES } from './portal/tables.ts'
import { anchorLater, recordingWriter } from './recording-writer.ts'
import { memberRelays } from './relay/relays.ts'
import { buildServer } from './server.ts'
import { Cursors } from './vault/cursor.ts'
import { openKeyRing } from './vault/keys.ts'
import { ownersOf } from './vault/owners-of.ts'
import { openVault, vaultDdl } from './vault/store.ts'

export interface NodeOptions {
  /** The member's short name on the ledger. */
  readonly handle: string
  /** Where the node keeps its database and its log. */
  readonly directory: string
  /** The key file (keys.ts). */
  readonly keyFile: string
  readonly genesisText: string
  readonly ledger: Ledger
  /** The consensus key of the member's validator; null where the engine has no validators. */
  readonly consensusKey: ConsensusKey | null
  /** Answers a joining member's calls for light blocks; absent where the engine has none. */
  readonly lightCall?: (call: unknown) => Promise<unknown>
  readonly host: string
  readonly port: number
  /** The folder of the built portal; without it the node serves no pages. */
  readonly portalFiles?: string | undefined
}

export interface RunningNode {
  readonly memberId: string
  /** As the ledger has it, without a slash at its end. */
  readonly url: string
  issueToken(order: TokenOrder): Promise<string>
  /** Resolves once everything recorded so far is committed to the ledger. */
  flush(): Promise<void>
  /** Ways to the ledger through other members, for an engine that cannot take a transaction itself. */
  relays(): readonly Relay[]
  close(): Promise<void>
}

/** A node with all its parts, whose server does not listen yet. */
export interface OpenNode extends RunningNode {
  readonly app: FastifyInstance
}

/**
 * Starts a node; resolves when it serves requests.
 * @throws SalusError `genesis-malformed`, `member-unknown`, `keys-malformed`, `keys-mismatch`
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const node = await openNode(options)
  await node.app.listen({ host: options.host, port: options.port })
  return node
}

/** Opens a node that answers what is injected into its server. @throws SalusError as {@link startNode} */
export async function openNode(options: Omit<NodeOptions, 'host' | 'port'>): Promise<OpenNode> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const logger = openLog(options)
  const own = ledgerMembers(options.ledger, '').byHandle(options.handle)
  if (own === undefined) throw new SalusError('member-unknown', `the ledger has no member called ${options.handle}`)
  const keyFile = KeyFile.open(options.keyFile, own.signingKey)
  const members = ledgerMembers(options.ledger, own.id)
  const tokens = new MemberTokenClient(members, () => keyFile.keys.signing)
  const onRelay = (through: string): void =>
    logger.warn({ code: 'transaction-relayed', through }, 'the own validator did not take a transaction')
  const database = openSqlite(join(options.directory, 'node.db'), [
    FILES_DDL,
    OUTBOX_DDL,
    ERASURE_DDL,
    CONSENT_DOCUMENTS_DDL,
    AUTH_TABLES,
    PORTAL_TABLES,
    vaultDdl,
  ])
  const parts = await openParts({
    options,
    tokens,
    keyFile,
    members,
    url: own.url,
    database,
    logger,
    events: new PatientEvents(options.ledger),
  })
  const unfollow = await followMembers({ ...parts, ledger: options.ledger, members, logger })
  return {
    app: parts.app,
    memberId: members.own,
    url: own.url,
    issueToken: (order) => parts.auth.issueToken(order),
    flush: () => parts.outbox.flush(),
    relays: () => memberRelays({ ledger: options.ledger, members, tokens, onRelay }),
    close: async () => {
      await parts.app.close()
      await unfollow()
      await parts.outbox.close()
      await parts.journal.close()
      await database.close()
    },
  }
}

/** A log that cannot be written must not take the node down with it: what cannot be said is left unsaid. */
function openLog({ directory, handle }: Pick<NodeOptions, 'directory' | 'handle'>): Logger {
  const file = destination(join(directory, 'node.log'))
  file.on('error', () => undefined)
  return pino({ base: { member: handle } }, file)
}

interface Base {
  readonly options: Omit<NodeOptions, 'host' | 'port'>
  readonly tokens: MemberTokenClient
  readonly keyFile: KeyFile
  readonly members: Members
  readonly url: string
  readonly database: Database
  readonly logger: Logger
  readonly events: PatientEvents
}

/** What is kept and what waits for the ledger: files, journal, outbox, vault, consents. */
async function openRecords({ options, keyFile, members, url, database, logger, events }: Base) {
  const { ledger, directory } = options
  const files = await Files.load(database)
  const journal = await Journal.open(join(directory, 'journal.db'), {
    onTrouble: (code) => logger.error({ code }, 'nothing is released until the journal has started again'),
    onAppended: (entries) => events.disclosed(entries),
  })
  const onTrouble = (code: string): void => logger.warn({ code }, 'the outbox will try again')
  const outbox = await Outbox.open({ database, journal, ledger, sign: keyFile, onTrouble })
  const keyRing = openKeyRing(keyFile.keys.master)
  const vault = await openVault({
    database,
    keyRing,
    baseUrl: `${url}/fhir`,
    onVersions: (transaction, versions) => anchorLater(transaction, versions, files, outbox),
  })
  const owners = new RememberedOwners((type, id) => ownersOf(database.read, type, id))
  const writer = recordingWriter({ writer: vault.writer, files, outbox, owners })
  const consents = await ConsentDocuments.load({
    database,
    ledger,
    files,
    custodian: members.own,
    now: Date.now,
    report: (error) => logger.error({ code: error.code, ...error.details }, 'a stored consent is not used'),
  })
  return { files, journal, outbox, vault, owners, writer, consents, cursors: new Cursors(keyRing) }
}

async function openParts(base: Base) {
  const { options, tokens, keyFile, members, url, database, logger, events } = base
  const { ledger, genesisText, consensusKey, lightCall } = options
  const custodian = members.own
  const genesis = readGenesis(genesisText)
  const records = await openRecords(base)
  const { files, journal, outbox, vault, owners, writer, consents, cursors } = records
  const audit = { journal, files, custodian, cursors }
  const gate = new SalusGate({
    custodian,
    files,
    journal,
    decider: ledgerDecider(ledger, consents.index),
    ownersOf: withAuditOwners(owners.ownersOf, audit),
    now: Date.now,
  })
  const isEnrolled = (key: PublicKey): boolean => files.byIdentity(key).length > 0
  const bearer = await openAuth({ url, signingKey: tokenJwk(keyFile.keys), members, database, isEnrolled })
  const portal = openPortal({
    options,
    members,
    url,
    database,
    genesis,
    files,
    outbox,
    events,
    gate,
    consents,
    exchangeTokens: tokens,
    reader: withAuditEvents(vault.reader, audit),
  })
  const auth = portal.withSessions(bearer)
  const { token, introspection: introspect, revocation: revoke } = endpointsOf(url)
  const evidence = { read: database.read, journal, ledger, genesis }
  const app = await buildServer({
    url,
    auth,
    logger,
    fhir: {
      vaultReader: withAuditEvents(vault.reader, audit),
      vaultWriter: withoutAuditWrites(writer),
      gate,
      authenticate: auth.authenticate,
      fhirBase: `${url}/fhir`,
      linkBaseFor: linkBases(members, url),
      prove: (version) =>
        version.type === 'AuditEvent' ? proveAuditEvent(evidence, version) : proveVersion(evidence, version),
      oauth: { token, introspect, revoke },
    },
    ledger: { ledger, genesis, genesisText, lightCall: lightCall ?? null },
    patient: { ...evidence, files, consents, custodian, sign: keyFile },
    admin: {
      custodian,
      files,
      outbox,
      erase: (patient, reason) =>
        erasePatient({ database, ledger, files, outbox, consents, writer, sign: keyFile }, patient, reason),
      membership: { own: custodian, ledger, keyFile, consensusKey },
    },
    exchange: { members, tokens, authenticate: auth.authenticate },
    relay: { ledger },
    health: { ledger, outbox, journal },
    portal: { ...portal.parts, door: { auth, files, events, custodian } },
  })
  return { app, auth, journal, outbox, gate, reader: vault.reader, writer }
}

/** Own users see this node's own URL; another member's user sees this member through that member's gateway. */
function linkBases(members: Members, url: string): (principal: Principal) => string {
  return (principal) => {
    if (principal.kind !== 'member') return `${url}/fhir`
    const requester = members.byId(principal.member)
    const own = members.byId(members.own)
    return requester && own ? `${requester.url}/exchange/${own.handle}/fhir` : `${url}/fhir`
  }
}
