/**
 * A custodian's journal and outbox over a ledger of its own, all in one folder, so that a process can be killed and
 * another go on. Run as a program it appends disclosures and versions until it is killed, and says which are durable.
 */
import { existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  ed25519PublicKey,
  ed25519Signer,
  fromHex,
  type Genesis,
  memberId,
  randomBytes,
  readGenesis,
  type Signer,
  toHex,
  writeGenesis,
} from '@salus/core'
import { type Ledger, openEmbeddedLedger } from '@salus/ledger'
import type { Database } from '../db/database.ts'
import { openSqlite } from '../db/sqlite.ts'
import { Outbox } from '../outbox/outbox.ts'
import { OUTBOX_DDL } from '../outbox/tables.ts'
import { Journal, type NewEntry } from './journal.ts'

export interface TestCustodian {
  readonly genesis: Genesis
  readonly id: string
  readonly sign: Signer
  readonly ledger: Ledger
  readonly database: Database
  readonly journal: Journal
  readonly outbox: Outbox
  /** Codes of troubles, in order. */
  readonly troubles: readonly string[]
  close(): Promise<void>
}

interface Keys {
  readonly seed: string
  readonly engineKey: string
  readonly genesis: string
}

/** Opens the custodian of this folder; the first time it is made. */
export async function openTestCustodian(directory: string, delayMs = 20): Promise<TestCustodian> {
  const path = join(directory, 'keys.json')
  if (!existsSync(path)) writeFileSync(path, JSON.stringify(newKeys()))
  const keys = JSON.parse(readFileSync(path, 'utf8')) as Keys
  const engineKey = fromHex(keys.engineKey)
  const ledger = await openEmbeddedLedger({ directory: join(directory, 'ledger'), genesis: keys.genesis, engineKey })
  const sign = ed25519Signer(fromHex(keys.seed))
  const database = openSqlite(join(directory, 'node.db'), [OUTBOX_DDL])
  const troubles: string[] = []
  const onTrouble = (code: string): void => void troubles.push(code)
  const journal = await Journal.open(join(directory, 'journal.db'), { onTrouble })
  const outbox = await Outbox.open({ database, journal, ledger, sign, delayMs, onTrouble })
  return {
    genesis: readGenesis(keys.genesis),
    id: memberId('Custodian', sign.publicKey.bytes),
    sign,
    ledger,
    database,
    journal,
    outbox,
    troubles,
    close: async () => {
      await outbox.close()
      await journal.close()
      await database.close()
      await ledger.close()
    },
  }
}

function newKeys(): Keys {
  const [seed, engineKey] = [randomBytes(32), randomBytes(32)]
  const signingKey = ed25519PublicKey(seed)
  const genesis = writeGenesis({
    format: 'salus-genesis/1',
    network: 'test',
    timeMs: Date.now() - 1000,
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
    members: [
      {
        id: memberId('Custodian', signingKey),
        handle: 'custodian',
        name: 'Custodian',
        roles: ['provider'],
        signingKey,
        encryptionKey: randomBytes(32),
        url: 'http://127.0.0.1:1',
      },
    ],
  })
  return { seed: toHex(seed), engineKey: toHex(engineKey), genesis }
}

/** A disclosure of the file within the custodian; `content` tells it from all others. */
export function disclosureOf(fileId: string, content: Uint8Array = randomBytes(32)): NewEntry {
  return {
    fileId: fromHex(fileId),
    timeMs: Date.now(),
    custodian: '0'.repeat(32),
    requester: '0'.repeat(32),
    practitioner: 'Practitioner/1',
    purpose: 'TREAT',
    interaction: 'read',
    decision: 'permit',
    reason: 'inside',
    emergency: null,
    consents: [],
    what: [{ type: 'Observation', count: 1 }],
    content,
  }
}

/** The line that stands for a version. */
export const VERSION = 'version'

/** Appends in eight loops at once; each durable disclosure is a line of its content, each version a line {@link VERSION}. */
async function appendUntilKilled(directory: string, fileIds: readonly string[]): Promise<void> {
  const { journal, database, outbox } = await openTestCustodian(directory)
  const say = (line: string): number => writeSync(1, `${line}\n`)
  const disclose = async (file: string): Promise<never> => {
    for (;;) {
      const content = randomBytes(32)
      await journal.append([disclosureOf(file, content)])
      say(toHex(content))
    }
  }
  const anchor = async (file: string): Promise<never> => {
    for (;;) {
      await database.write((transaction) => outbox.add(transaction, file, randomBytes(32)))
      say(VERSION)
      outbox.announce(1)
      // Commits of the database leave no turn to the disclosures by themselves.
      await setImmediate()
    }
  }
  const loops = Array.from({ length: 8 }, (_, i) => disclose(fileIds[i % fileIds.length] as string))
  await Promise.all([...loops, anchor(fileIds[0] as string)])
}

if (import.meta.main) {
  const [directory, ...fileIds] = process.argv.slice(2)
  await appendUntilKilled(directory as string, fileIds)
}
