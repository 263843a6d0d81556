/**
 * FHIR R4 dateTime as the span of time it names: 2022-03 is all of March. A date without a time zone is taken in UTC,
 * as the vault does with clinical dates.
 */

/** Both ends inclusive, in milliseconds since 1970. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

const DATE_TIME =
  /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])(T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?)?)?$/

/** The span of a dateTime, or null when it is none. */
export function dateTimeSpan(text: string): Span | null {
  const match = DATE_TIME.exec(text)
  if (!match) return null
  const [, year, month, day, time, fraction] = match
  const y = Number(year)
  if (month === undefined) return between(utc(y, 0, 1), utc(y + 1, 0, 1))
  const m = Number(month) - 1
  if (day === undefined) return between(utc(y, m, 1), utc(y, m + 1, 1))
  const startOfDayMs = utc(y, m, Number(day))
  if (new Date(startOfDayMs).getUTCDate() !== Number(day)) return null
  if (time === undefined) return between(startOfDayMs, startOfDayMs + 86_400_000)
  const startMs = Date.parse(text)
  return fraction === undefined ? between(startMs, startMs + 1000) : { startMs, endMs: startMs }
}

/** Unlike Date.UTC, takes the years 0 to 99 for what they are. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day)
}

function between(startMs: number, nextMs: number): Span {
  return { startMs, endMs: nextMs - 1 }
}
