/**
 * Byte strings one after the other, each after its length (2 bytes, big-endian): the entry bundles of C2SP tlog-tiles,
 * in which the log is stored and transactions travel between threads.
 */
import { SalusError } from '@salus/core'

/** The bundle of `entries`, each at most 65,535 bytes. */
export function joinEntries(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const entry of entries) length += 2 + entry.length
  const bundle = new Uint8Array(length)
  let at = 0
  for (const entry of entries) {
    bundle[at] = entry.length >>> 8
    bundle[at + 1] = entry.length & 0xff
    bundle.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bundle
}

/** The entries of a bundle, which are views of it. @throws SalusError `store-corrupt` */
export function splitEntries(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + ((bundle[at] as number) << 8) + (bundle[at + 1] ?? 0)
    if (end > bundle.length) throw new SalusError('store-corrupt', 'a bundle of entries is cut short')
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries
}
