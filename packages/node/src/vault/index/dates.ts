/**
 * FHIR dates as ranges of milliseconds since 1970 (FHIR R4 section 3.1.1.5.4): a date given to the year, month, day,
 * minute or second stands for all of it. Dates without a zone are read as UTC, as the index has to choose one.
 */

/** Both ends inclusive. */
export interface DateRange {
  readonly startMs: number
  readonly endMs: number
}

/** Ends of open periods: the first and the last moment that a Date can hold. */
export const TIME_MS_MIN = -8.64e15
export const TIME_MS_MAX = 8.64e15

const DAY_MS = 86_400_000
const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

/** The range of a date, dateTime or instant; undefined when `text` is none. Also takes times without seconds. */
export function parseDateRange(text: string): DateRange | undefined {
  const match = DATE.exec(text)
  if (!match) return undefined
  const [, yearText, monthText, dayText, hourText, minuteText, secondText, fraction, zone] = match
  const year = Number(yearText)
  const month = monthText === undefined ? 0 : Number(monthText) - 1
  if (month < 0 || month > 11) return undefined
  if (monthText === undefined) return range(utc(year, 0, 1), utc(year + 1, 0, 1))
  if (dayText === undefined) return range(utc(year, month, 1), utc(year, month + 1, 1))
  const day = Number(dayText)
  if (day < 1 || day > new Date(utc(year, month + 1, 0)).getUTCDate()) return undefined
  const date = utc(year, month, day)
  if (hourText === undefined) return range(date, date + DAY_MS)
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText ?? 0)]
  // A leap second (23:59:60) is allowed by the pattern of the standard and falls into the next minute.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const offset = zoneOffsetMs(zone)
  if (offset === undefined) return undefined
  const start = date + hour * 3_600_000 + minute * 60_000 + second * 1000 - offset
  if (secondText === undefined) return range(start, start + 60_000)
  if (fraction === undefined) return range(start, start + 1000)
  const unit = 10 ** Math.max(0, 3 - fraction.length)
  const ms = start + Number(fraction.slice(0, 3).padEnd(3, '0'))
  return range(ms, ms + unit)
}

function range(startMs: number, nextMs: number): DateRange {
  return { startMs, endMs: nextMs - 1 }
}

function utc(year: number, month: number, day: number): number {
  const ms = Date.UTC(year, month, day)
  // Date.UTC takes years below 100 for years of the twentieth century.
  return year >= 100 ? ms : new Date(ms).setUTCFullYear(year, month, day)
}

function zoneOffsetMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 14 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000)
}

/** The range of an element of type date, dateTime, instant, Period or Timing; undefined when it says no date. */
export function elementDateRange(value: unknown, type: string): DateRange | undefined {
  if (typeof value === 'string') return parseDateRange(value)
  if (typeof value !== 'object' || value === null) return undefined
  if (type === 'Period') return periodRange(value as { start?: string; end?: string })
  if (type !== 'Timing') return undefined
  const timing = value as { event?: readonly string[]; repeat?: { boundsPeriod?: { start?: string; end?: string } } }
  const ranges = (timing.event ?? []).map((event) => (typeof event === 'string' ? parseDateRange(event) : undefined))
  if (timing.repeat?.boundsPeriod) ranges.push(periodRange(timing.repeat.boundsPeriod))
  return joinRanges(ranges)
}

function periodRange(period: { start?: string; end?: string }): DateRange | undefined {
  const start = typeof period.start === 'string' ? parseDateRange(period.start) : undefined
  const end = typeof period.end === 'string' ? parseDateRange(period.end) : undefined
  if (!start && !end) return undefined
  return { startMs: start?.startMs ?? TIME_MS_MIN, endMs: end?.endMs ?? TIME_MS_MAX }
}

/** The smallest range that holds all of them. */
export function joinRanges(ranges: readonly (DateRange | undefined)[]): DateRange | undefined {
  let joined: DateRange | undefined
  for (const one of ranges) {
    if (!one) continue
    joined = joined ? { startMs: Math.min(joined.startMs, one.startMs), endMs: Math.max(joined.endMs, one.endMs) } : one
  }
  return joined
}
