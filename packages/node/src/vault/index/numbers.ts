/** Ranges of numbers and quantities, as values of elements and as values of searches (R4 sections 3.1.1.5.2 and 6). */

export interface NumberRange {
  readonly low: number
  readonly high: number
}

const NUMBER = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** Stands for an open end: SQL has no portable infinity. */
export const NUMBER_MAX = Number.MAX_VALUE

/** The range of a Quantity; its comparator opens one end. */
export function quantityRange(value: unknown, comparator: unknown): NumberRange | undefined {
  if (typeof value !== 'number') return undefined
  if (comparator === '<' || comparator === '<=') return { low: -NUMBER_MAX, high: value }
  if (comparator === '>' || comparator === '>=') return { low: value, high: NUMBER_MAX }
  return { low: value, high: value }
}

/** The range of a FHIR Range; an absent end is open. */
export function rangeOfRange(range: {
  low?: { value?: unknown }
  high?: { value?: unknown }
}): NumberRange | undefined {
  const low = typeof range.low?.value === 'number' ? range.low.value : undefined
  const high = typeof range.high?.value === 'number' ? range.high.value : undefined
  if (low === undefined && high === undefined) return undefined
  return { low: low ?? -NUMBER_MAX, high: high ?? NUMBER_MAX }
}

/**
 * A number in a search: its value, and the range of half a unit of its last digit to both sides. The ends are computed
 * as decimals, because a stored 0.15 must be the very end of the range of 0.2, which 0.2 - 0.05 is not in binary.
 */
export function parseSearchNumber(text: string): ({ readonly value: number } & NumberRange) | undefined {
  const match = NUMBER.exec(text)
  if (!match) return undefined
  const value = Number(text)
  if (!Number.isFinite(value)) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  // The number is digits × 10^(unit + 1), so half a unit of its last digit is 5 × 10^unit.
  const digits = BigInt(`${whole}${fraction}0`)
  const unit = Number(exponent) - fraction.length - 1
  const near = Number(`${digits - 5n}e${unit}`)
  const far = Math.min(Number(`${digits + 5n}e${unit}`), NUMBER_MAX)
  return sign === '-' ? { value, low: -far, high: -near } : { value, low: near, high: far }
}
