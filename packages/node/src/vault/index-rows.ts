/** Index rows on their way into the tables: collected over all changes of a write, inserted together. */
import type { Queries, SqlValue } from '../db/database.ts'
import type { ExtractedIndex } from './index/extract.ts'
import type { LocalReference } from './index/references.ts'
import { insertRows } from './rows.ts'

const ROW = ['resource', 'path', 'n', 'place']
const COLUMNS = {
  token: [...ROW, 'system', 'code', 'text', 'coding'],
  string: [...ROW, 'folded', 'exact'],
  reference: [...ROW, 'target'],
  date: [...ROW, 'start_ms', 'end_ms'],
  quantity: [...ROW, 'low', 'high', 'system', 'code', 'unit'],
  uri: [...ROW, 'value'],
} as const
type Kind = keyof typeof COLUMNS
const KINDS = Object.keys(COLUMNS) as Kind[]

export class IndexRows {
  private readonly values: Record<Kind, SqlValue[]> = {
    token: [],
    string: [],
    reference: [],
    date: [],
    quantity: [],
    uri: [],
  }

  /** Takes up the rows of one resource; systems and targets by their numbers. */
  add(
    key: number,
    index: ExtractedIndex,
    systems: ReadonlyMap<string, number>,
    target: (reference: LocalReference) => number,
  ): void {
    const { token, string, reference, date, quantity, uri } = this.values
    const systemId = (system: string | null): SqlValue => (system === null ? null : (systems.get(system) as number))
    index.token.forEach((row, n) => {
      token.push(key, row.path, n, row.place, systemId(row.system), row.code, row.text, row.coding)
    })
    index.string.forEach((row, n) => {
      string.push(key, row.path, n, row.place, row.folded, row.exact)
    })
    index.reference.forEach((row, n) => {
      reference.push(key, row.path, n, row.place, target(row))
    })
    index.date.forEach((row, n) => {
      date.push(key, row.path, n, row.place, row.startMs, row.endMs)
    })
    index.quantity.forEach((row, n) => {
      quantity.push(key, row.path, n, row.place, row.low, row.high, systemId(row.system), row.code, row.unit)
    })
    index.uri.forEach((row, n) => {
      uri.push(key, row.path, n, row.place, row.value)
    })
  }

  async insert(transaction: Queries): Promise<void> {
    for (const kind of KINDS) await insertRows(transaction, `vault_${kind}`, COLUMNS[kind], this.values[kind])
  }
}

/** Removes the index rows of one resource. */
export async function deleteIndexRows(transaction: Queries, key: number): Promise<void> {
  for (const kind of KINDS) await transaction.run(`DELETE FROM vault_${kind} WHERE resource = ?`, [key])
}
