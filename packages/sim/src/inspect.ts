/**
 * The last look, at the files themselves: each ledger replays from genesis to the same roots, and what the nodes stored
 * is what the ledger counts: every version anchored once, every disclosure committed once.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { toHex } from '@salus/core'
import { auditLedger } from '@salus/ledger'
import type { World } from './clients/world.ts'
import { countersOf, type LedgerModel } from './model/ledger-model.ts'
import { Violation } from './model/violation.ts'

/** @throws Violation */
export function inspectFiles(world: World, model: LedgerModel, ledgerFolders: readonly string[]): void {
  inspectLedgers(world, ledgerFolders)
  for (const file of counted(world)) inspectFile(world, file)
  for (const file of model.files) {
    if (!counted(world).some(({ fileId }) => fileId === file)) {
      throw new Violation('happened-twice', 'the ledger has a file that no node has')
    }
  }
}

function inspectLedgers(world: World, folders: readonly string[]): void {
  const heights = world.sites.map(({ ledger }) => ledger?.status())
  const [first] = heights
  for (const [i, folder] of folders.entries()) {
    const { divergence, height, stateRoot, logRoot } = auditLedger(folder, world.genesisText)
    if (divergence) throw new Violation('roots-differ', `replay of ledger ${i}: ${JSON.stringify(divergence)}`)
    const same = first && height === first.height && stateRoot === toHex(first.stateRoot)
    if (!same || logRoot !== toHex(first.logRoot)) {
      throw new Violation('roots-differ', `ledger ${i} ends at height ${height}, another at ${first?.height}`)
    }
  }
}

interface CountedFile {
  readonly member: string
  readonly fileId: string
  readonly versions: number
  readonly entries: number
}

/** What the nodes stored of each file. */
function counted(world: World): readonly CountedFile[] {
  return world.members.flatMap(({ handle, directory }) => {
    const node = new DatabaseSync(join(directory, 'node.db'), { readOnly: true })
    const journal = new DatabaseSync(join(directory, 'journal.db'), { readOnly: true })
    try {
      const number = (database: DatabaseSync, sql: string, ...values: string[]): number =>
        Number((database.prepare(sql).get(...values) as { n: number }).n)
      const stored = number(node, 'SELECT count(*) AS n FROM vault_version')
      const waiting = number(node, 'SELECT count(*) AS n FROM outbox_item')
      if (stored !== waiting) {
        throw new Violation('acknowledged-lost', `${handle} stored ${stored} versions and committed ${waiting}`)
      }
      const files = node.prepare('SELECT file_id FROM patient_file').all() as { file_id: string }[]
      return files.map(({ file_id: fileId }) => ({
        member: handle,
        fileId,
        versions: number(node, 'SELECT count(*) AS n FROM outbox_item WHERE file_id = ?', fileId),
        entries: number(journal, 'SELECT count(*) AS n FROM disclosure WHERE file_id = ?', fileId),
      }))
    } finally {
      node.close()
      journal.close()
    }
  })
}

function inspectFile(world: World, { member, fileId, versions, entries }: CountedFile): void {
  const ledger = world.sites[0]?.ledger
  if (!ledger) throw new Violation('stalled', 'a site is down')
  const row = countersOf(ledger, fileId)
  if (row.versions !== versions) {
    const invariant = row.versions > versions ? 'happened-twice' : 'acknowledged-lost'
    throw new Violation(invariant, `${member} stored ${versions} versions of a file, the ledger counts ${row.versions}`)
  }
  if (row.entries !== entries) {
    const invariant = row.entries > entries ? 'happened-twice' : 'acknowledged-lost'
    throw new Violation(invariant, `${member} recorded ${entries} disclosures, the ledger counts ${row.entries}`)
  }
}
