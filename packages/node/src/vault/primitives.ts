/** The JSON forms of FHIR's primitive types (R4 section 2.24), by type name. */
import { parseDateRange } from './index/dates.ts'

type Check = (value: unknown) => boolean

const STRING_MAX = 1024 * 1024
// Characters below U+0020 but for tab, line feed and carriage return: controls that are none of the later ones.
const CONTROL = /[^\P{Cc}\t\n\r\x7f-\x9f]/u
const INTEGER_MAX = 2 ** 31 - 1

/** Text of white space alone says nothing, and other servers refuse it. */
function text(value: unknown): value is string {
  return typeof value === 'string' && /\S/.test(value) && value.length <= STRING_MAX && !CONTROL.test(value)
}

function matching(pattern: RegExp): Check {
  return (value) => typeof value === 'string' && pattern.test(value)
}

function integer(least: number): Check {
  return (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= INTEGER_MAX
}

function dateTime(pattern: RegExp): Check {
  return (value) => typeof value === 'string' && pattern.test(value) && parseDateRange(value) !== undefined
}

const DATE = /^\d{4}(-\d{2}(-\d{2})?)?$/
const TIME = 'T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})'
const uri = matching(/^\S+$/)
/** Four digits at a time would be exact, but a line-broken encoding is common, and white space is allowed. */
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/

export const PRIMITIVES: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['boolean', (value) => typeof value === 'boolean'],
  ['integer', integer(-INTEGER_MAX - 1)],
  ['unsignedInt', integer(0)],
  ['positiveInt', integer(1)],
  ['decimal', (value) => typeof value === 'number' && Number.isFinite(value)],
  ['string', text],
  ['markdown', text],
  ['xhtml', text],
  ['code', matching(/^[^\s]+( [^\s]+)*$/)],
  ['id', matching(/^[A-Za-z0-9\-.]{1,64}$/)],
  ['uri', uri],
  ['url', uri],
  ['canonical', uri],
  ['oid', matching(/^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$/)],
  ['uuid', matching(/^urn:uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/)],
  ['date', dateTime(DATE)],
  ['dateTime', dateTime(new RegExp(`${DATE.source}|^\\d{4}-\\d{2}-\\d{2}${TIME}$`))],
  ['instant', dateTime(new RegExp(`^\\d{4}-\\d{2}-\\d{2}${TIME}$`))],
  ['time', matching(/^([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?$/)],
  ['base64Binary', matching(BASE64)],
])
