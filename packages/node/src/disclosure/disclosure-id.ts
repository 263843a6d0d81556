/** The public name of a disclosure: its file and its place in the file's sequence. */
import { fromHex, SalusError } from '@salus/core'

/** `fileId` is 16 bytes, or their hexadecimal form. */
export function disclosureId(fileId: Uint8Array | string, sequence: number): string {
  return `${typeof fileId === 'string' ? fileId : Buffer.from(fileId).toString('hex')}.${sequence}`
}

/** Takes {@link disclosureId} apart. @throws SalusError `disclosure-unknown` */
export function parseDisclosureId(id: string): { fileId: Uint8Array; sequence: number } {
  const match = /^([0-9a-f]{32})\.([1-9][0-9]{0,14})$/.exec(id)
  if (!match) throw new SalusError('disclosure-unknown', 'there is no such disclosure')
  return { fileId: fromHex(match[1] as string), sequence: Number(match[2]) }
}
