/** Multi-row inserts: chunks of fixed sizes, so that few statements are prepared. */
import type { Queries, SqlValue } from '../db/database.ts'

const CHUNK_ROWS = [64, 16, 4, 1]

/** Inserts `values`, the rows one after the other. */
export async function insertRows(
  transaction: Queries,
  table: string,
  columns: readonly string[],
  values: readonly SqlValue[],
): Promise<void> {
  const width = columns.length
  let at = 0
  for (const rows of CHUNK_ROWS) {
    while (values.length - at >= rows * width) {
      await transaction.run(insertSql(table, columns, rows), values.slice(at, at + rows * width))
      at += rows * width
    }
  }
}

const statements = new Map<string, string>()

function insertSql(table: string, columns: readonly string[], rows: number): string {
  const key = `${table} ${rows}`
  let sql = statements.get(key)
  if (sql === undefined) {
    const row = `(${columns.map(() => '?').join(', ')})`
    sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`
    statements.set(key, sql)
  }
  return sql
}
