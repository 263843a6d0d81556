/** The portal of a node, put together: users, sessions, directory. */
import type { Genesis } from '@salus/core'
import type { Auth } from '../auth/auth.ts'
import type { MemberTokenClient } from '../auth/client.ts'
import type { Members } from '../auth/members.ts'
import type { ConsentDocuments } from '../consent/documents.ts'
import type { Database } from '../db/database.ts'
import type { Files } from '../files/files.ts'
import type { Gate } from '../gate/gate.ts'
import type { NodeOptions } from '../node.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { VaultReader } from '../vault/vault.ts'
import { AccessRequests } from './access-requests.ts'
import { Directory } from './directory.ts'
import type { PatientEvents } from './events.ts'
import { identifier } from './identify.ts'
import { Invitations } from './invitations.ts'
import { domainOf } from './page-headers.ts'
import { Passkeys } from './passkeys.ts'
import type { PortalParts } from './plugin.ts'
import { isSensitive } from './sensitive.ts'
import { Sessions } from './sessions.ts'
import { Users } from './users.ts'

export interface PortalOptions {
  readonly options: Pick<NodeOptions, 'handle' | 'ledger' | 'portalFiles'>
  readonly members: Members
  readonly url: string
  readonly database: Database
  readonly genesis: Genesis
  readonly files: Files
  readonly outbox: Outbox
  readonly events: PatientEvents
  readonly gate: Gate
  readonly reader: VaultReader
  readonly consents: ConsentDocuments
  readonly exchangeTokens: MemberTokenClient
}

export interface Portal {
  readonly users: Users
  readonly sessions: Sessions
  /** All but `door`, whose authentication `withSessions` gives. */
  readonly parts: Omit<PortalParts, 'door'>
  /** Lets a session stand in the place of an access token, at every door. */
  withSessions(auth: Auth): Auth
}

export function openPortal(parts: PortalOptions): Portal {
  const { options, members, url, database, genesis, files, outbox, events, gate, reader, consents } = parts
  const { exchangeTokens } = parts
  const requests = new AccessRequests(database, files, events)
  const users = new Users(database)
  const sessions = new Sessions({
    database,
    users,
    member: members.own,
    handle: options.handle,
    isSecure: url.startsWith('https:'),
    now: Date.now,
  })
  const portalUrl = `${new URL(url).protocol}//${domainOf(new URL(url).host) ?? new URL(url).host}`
  const passkeys = new Passkeys({ database, users, portalUrl, now: Date.now })
  const { ledgerId } = genesis
  const invitations = new Invitations({
    database,
    files,
    ledgerId,
    portalUrl,
    flush: () => outbox.flush(),
    now: Date.now,
  })
  return {
    users,
    sessions,
    parts: {
      files: options.portalFiles ?? null,
      directory: new Directory(members.own, options.ledger, genesis),
      sessions,
      passkeys,
      invitations,
      custodian: members.own,
      now: Date.now,
      admin: { users, sessions, invitations, portalUrl },
      patient: { custodian: members.own, files, gate, reader, consents, requests, now: Date.now },
      ask: {
        members,
        tokens: exchangeTokens,
        requests,
        identify: identifier(reader, members.own, Date.now),
        now: Date.now,
      },
    },
    withSessions: (auth) => ({
      ...auth,
      authenticate: async (request) => {
        if (!sessions.isMeant(request)) return auth.authenticate(request)
        const session = await sessions.require(request)
        if (isSensitive(request)) sessions.requireRecentProof(session)
        return sessions.principal(session)
      },
    }),
  }
}
