/**
 * The index in the ledger's file: images of 4,096 pages by the first 12 bits of the key hash. An image is its leaves
 * in the order of key hashes: key hash (32 bytes), leaf hash (32), chunk (4) and place (4) of the value, little-endian.
 */
export const PAGE_BITS = 12
export const PAGES: number = 1 << PAGE_BITS
export const LEAF_BYTES = 72

/** The page of a key hash. */
export function pageOf(keyHash: Uint8Array): number {
  return ((keyHash[0] as number) << 4) | ((keyHash[1] as number) >>> 4)
}
