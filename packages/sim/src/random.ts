/**
 * A small seeded generator, so that a run can be repeated from its seed: sfc32 (Chris Doty-Humphrey, PractRand), a
 * chaotic 128-bit state with a counter, seeded through splitmix32. Not for keys.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
  /** Normally distributed around 0 with standard deviation 1. */
  normal(): number
  /** A version 4 UUID (RFC 9562 section 5.4). */
  uuid(): string
}

/** A generator whose every draw follows from `seed`, a whole number of which the low 32 bits count. */
export function createRandom(seed: number): Random {
  const word = sfc32(seed)
  const next = () => word() / 0x1_0000_0000
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick: <T>(items: readonly T[]) => items[between(0, items.length - 1)]!,
    chance: (probability) => next() < probability,
    // Box-Muller; 1 - next() keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    uuid: () => formatUuid([word(), word(), word(), word()]),
  }
}

function sfc32(seed: number): () => number {
  let mix = seed | 0
  const splitmix32 = () => {
    mix = (mix + 0x9e3779b9) | 0
    let z = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return z ^ (z >>> 15)
  }
  let [a, b, c, counter] = [splitmix32(), splitmix32(), splitmix32(), 1]
  return () => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
}

function formatUuid(words: readonly number[]): string {
  const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('')
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
