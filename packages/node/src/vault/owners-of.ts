/** Whose record a stored resource belongs to: asked by the gate before there is a permit; it tells nothing else. */
import type { Queries } from '../db/database.ts'
import { isResourceType, typeNumber } from './definitions/definitions.ts'
import { STATE } from './schema.ts'

interface Row {
  readonly key: number
  readonly shared: number
  readonly owner: string | null
}

/**
 * The Patient ids whose records `type/id` belongs to, the first owner first; empty when it belongs to none, undefined
 * when there is no such resource.
 */
export async function ownersOf(read: Queries, type: string, id: string): Promise<readonly string[] | undefined> {
  if (!isResourceType(type)) return undefined
  const row = await read.get<Row>(
    `SELECT r.key AS key, r.shared AS shared, p.id AS owner
     FROM vault_resource r LEFT JOIN vault_resource p ON p.key = r.patient
     WHERE r.type = ? AND r.id = ? AND r.state IN (?, ?)`,
    [typeNumber(type), id, STATE.current, STATE.deleted],
  )
  if (row === undefined) return undefined
  const first = row.owner === null ? [] : [row.owner]
  if (row.shared === 0) return first
  const others = await read.all<{ owner: string }>(
    'SELECT p.id AS owner FROM vault_shared s JOIN vault_resource p ON p.key = s.patient WHERE s.resource = ?',
    [row.key],
  )
  return [...new Set([...first, ...others.map(({ owner }) => owner)])]
}
