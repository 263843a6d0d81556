/** Whose record a stored resource belongs to: asked by the gate before there is a permit; it tells nothing else. */
import type { Queries } from '../db/database.ts'
import { isResourceType, typeNumber } from './definitions/definitions.ts'
import { STATE } from './schema.ts'

/** The Patient id whose record `type/id` belongs to, null for none; undefined when there is no such resource. */
export async function ownerOf(read: Queries, type: string, id: string): Promise<string | null | undefined> {
  if (!isResourceType(type)) return undefined
  const row = await read.get<{ owner: string | null }>(
    `SELECT p.id AS owner FROM vault_resource r LEFT JOIN vault_resource p ON p.key = r.patient
     WHERE r.type = ? AND r.id = ? AND r.state IN (?, ?)`,
    [typeNumber(type), id, STATE.current, STATE.deleted],
  )
  return row === undefined ? undefined : row.owner
}
