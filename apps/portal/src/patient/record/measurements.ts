/** Measurements of one kind over time. */
import type { Item, Value } from './items.ts'

export interface Point extends Value {
  readonly timeMs: number
}

export interface Series {
  readonly code: string
  readonly title: string
  readonly part: Item['part']
  /** The latest measurement. */
  readonly latest: Item
  /** A line for each value of the measurement, oldest point first: blood pressure has two. */
  readonly lines: readonly { readonly name: string; readonly points: readonly Point[] }[]
}

const BLOOD_PRESSURE = '85354-9'

/** The series of a part: outside their range first, then blood pressure, then what was measured last. */
export function seriesOf(items: readonly Item[], part: Item['part']): readonly Series[] {
  const byCode = new Map<string, Item[]>()
  for (const item of items) {
    if (item.part !== part || item.series === null) continue
    byCode.set(item.series, [...(byCode.get(item.series) ?? []), item])
  }
  const all = [...byCode].map(([code, of]): Series => {
    const [latest] = of as [Item, ...Item[]]
    const lines = latest.values.map(({ name }, at) => ({
      name,
      points: of.flatMap(({ timeMs, values }) => (values[at] ? [{ ...values[at], timeMs }] : [])).reverse(),
    }))
    return { code, title: latest.title, part, latest, lines }
  })
  const rank = ({ code, latest }: Series): number => (latest.isOutside ? 2 : code === BLOOD_PRESSURE ? 1 : 0)
  return all.sort((a, b) => rank(b) - rank(a) || b.latest.timeMs - a.latest.timeMs)
}
