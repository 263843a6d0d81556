/** References between resources of this vault. */
import { isResourceType } from '../definitions/definitions.ts'

export interface LocalReference {
  readonly type: string
  readonly id: string
}

const LOCAL = /^([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/

/**
 * The resource that a literal reference names when it is relative or starts with `base`, the vault's own FHIR URL
 * (without a final slash; '' for none); undefined for everything else.
 */
export function parseLocalReference(reference: string, base: string): LocalReference | undefined {
  const own = base !== '' && reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference
  const match = LOCAL.exec(own)
  if (!match || !isResourceType(match[1] as string)) return undefined
  return { type: match[1] as string, id: match[2] as string }
}
