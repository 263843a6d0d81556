/** The figures of a measurement: `149/89`, `7.2`. */
import type { Formats } from '../../i18n/format.ts'
import type { Value } from './items.ts'

export function valueText(values: readonly Value[], f: Formats): string {
  return values.map(({ value }) => f.number(value, 1)).join('/')
}
