/** The timeline: the latest first, and what was measured together as one entry. */
import type { Item, Part } from './items.ts'

type KeptItem = Item & { readonly custodian: string }

export interface TimelineEntry {
  readonly key: string
  readonly part: Part
  readonly timeMs: number
  readonly items: readonly KeptItem[]
}

/** `items` are in order of time, the latest first. */
export function timelineOf(items: readonly KeptItem[]): readonly TimelineEntry[] {
  const entries = new Map<string, TimelineEntry & { items: KeptItem[] }>()
  for (const item of items) {
    const { part, timeMs, custodian, reference, series } = item
    const key = series === null ? `${custodian} ${reference}` : `${custodian} ${part} ${timeMs}`
    const known = entries.get(key)
    if (known) known.items.push(item)
    else entries.set(key, { key, part, timeMs, items: [item] })
  }
  return [...entries.values()]
}
