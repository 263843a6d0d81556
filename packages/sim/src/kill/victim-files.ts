/** The files of a victim between two lives: whether what it acknowledged is in them, and nothing is there twice. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DisclosureEntry, DisclosureRow, decode, FileRow, fromHex, stateKey } from '@salus/core'
import { Application, RULES } from '@salus/ledger'
import { Violation } from '../model/violation.ts'
import { readSetup, victimFolder } from './victim.ts'

/** `journal_entry.kind` of an encoded `DisclosureEntry`. */
const DISCLOSURE = 0

interface MemberFiles {
  readonly handle: string
  readonly node: DatabaseSync
  readonly journal: DatabaseSync
}

export class VictimFiles {
  readonly genesisText: string
  readonly ledgerFolder: string
  readonly #members: readonly MemberFiles[]

  private constructor(directory: string) {
    const { genesisText, members } = readSetup(directory)
    this.genesisText = genesisText
    this.ledgerFolder = victimFolder(directory, 'ledger')
    this.#members = members.map(({ handle }) => {
      const folder = victimFolder(directory, handle)
      // Not read-only: what a killed process left in the write-ahead log belongs to the file.
      return {
        handle,
        node: new DatabaseSync(join(folder, 'node.db')),
        journal: new DatabaseSync(join(folder, 'journal.db')),
      }
    })
  }

  static open(directory: string): VictimFiles {
    return new VictimFiles(directory)
  }

  close(): void {
    for (const { node, journal } of this.#members) {
      node.close()
      journal.close()
    }
  }

  /** Checks the lines that a victim printed. @throws Violation */
  check(lines: readonly string[]): void {
    const disclosed = this.#disclosed()
    const { node } = this.#members[0]!
    const stored = node.prepare('SELECT version FROM vault_resource WHERE id = ? AND state = 1')
    const consented = node.prepare('SELECT 1 FROM consent_document WHERE consent_id = ?')
    for (const line of lines) {
      const [what, name = ''] = line.split(' ')
      const isThere =
        (what === 'version' && stored.get(name) !== undefined) ||
        (what === 'disclosure' && disclosed.has(name)) ||
        (what === 'granted' && consented.get(name) !== undefined) ||
        (what === 'revoked' && consented.get(name) !== undefined)
      if (!isThere) throw new Violation('acknowledged-lost', line)
    }
    this.#checkConsents(lines)
    this.#checkOnce()
  }

  /** Checks that the ledger counts what the nodes stored, when nothing waits. @throws Violation */
  checkCounts(): void {
    const application = this.#openLedger()
    try {
      for (const { handle, node, journal } of this.#members) {
        const files = node.prepare('SELECT file_id FROM patient_file').all() as { file_id: string }[]
        for (const { file_id: file } of files) {
          const versions = count(node, 'SELECT count(*) AS n FROM outbox_item WHERE file_id = ?', file)
          const entries = count(journal, 'SELECT count(*) AS n FROM disclosure WHERE file_id = ?', file)
          const record = application.get(stateKey('record', 'file', [fromHex(file)]))
          const disclosure = application.get(stateKey('disclosure', 'file', [fromHex(file)]))
          const anchored = record === undefined ? 0 : decode(FileRow, record).versions
          const committed = disclosure === undefined ? 0 : decode(DisclosureRow, disclosure).entries
          if (versions !== anchored || entries !== committed) {
            const found = `${versions} versions, ${entries} entries`
            throw new Violation('log-incomplete', `${handle}: ${found}; ledger: ${anchored}, ${committed}`)
          }
        }
      }
    } finally {
      application.close()
    }
  }

  #openLedger(): Application {
    return new Application({ directory: this.ledgerFolder, genesis: this.genesisText, rules: RULES })
  }

  /** A consent that was revoked is so on the ledger. */
  #checkConsents(lines: readonly string[]): void {
    const application = this.#openLedger()
    try {
      for (const line of lines) {
        const [what, id = ''] = line.split(' ')
        if (what !== 'granted' && what !== 'revoked') continue
        const row = application.get(stateKey('consent', 'consent', [fromHex(id)]))
        const text = row === undefined ? '' : Buffer.from(row).toString('latin1')
        if (row === undefined || (what === 'revoked' && !text.includes('revoked'))) {
          throw new Violation('acknowledged-lost', line)
        }
      }
    } finally {
      application.close()
    }
  }

  /** Every write and every read was sent once. */
  #checkOnce(): void {
    for (const { handle, node } of this.#members) {
      const versions = count(node, 'SELECT count(*) AS n FROM vault_version')
      const items = count(node, 'SELECT count(*) AS n FROM outbox_item')
      if (versions !== items) throw new Violation('half-done', `${handle}: ${versions} versions, ${items} to commit`)
    }
    const twice = "SELECT count(*) AS n FROM vault_resource WHERE version > 1 AND id LIKE '%-%' AND length(id) < 32"
    if (count(this.#members[0]!.node, twice) > 0) throw new Violation('happened-twice', 'a resource was stored twice')
  }

  /** The practitioners whose reads the custodian has recorded. */
  #disclosed(): ReadonlySet<string> {
    const found = new Set<string>()
    const { journal } = this.#members[0]!
    const entries = journal.prepare('SELECT entry FROM journal_entry WHERE kind = ?').iterate(DISCLOSURE)
    for (const { entry } of entries as Iterable<{ entry: Uint8Array }>) {
      const { practitioner, sequence } = decode(DisclosureEntry, new Uint8Array(entry))
      if (practitioner === null) continue
      if (found.has(practitioner)) throw new Violation('happened-twice', `entry ${sequence} of ${practitioner}`)
      found.add(practitioner)
    }
    return found
  }
}

function count(database: DatabaseSync, sql: string, ...values: string[]): number {
  return Number((database.prepare(sql).get(...values) as { n: number }).n)
}
