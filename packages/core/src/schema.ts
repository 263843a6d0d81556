/**
 * Schemas of everything that crosses a border as CBOR: commands, state, evidence. A schema is the source of the
 * TypeScript type, of validation and bounds, and of the bytes. Structures are arrays in the order of their fields.
 */
import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts'
import { SalusError } from './errors.ts'

/** Turns values of `T` into CBOR and back; `parse` refuses whatever is not exactly a `T` within its bounds. */
export interface Schema<T> {
  /** @throws SalusError `schema-mismatch` with the path of the offending field. */
  parse(value: Cbor, path?: string): T
  toCbor(value: T): Cbor
}

/** The TypeScript type that a schema describes. */
export type Infer<S> = S extends Schema<infer T> ? T : never

type Fields = Readonly<Record<string, Schema<never>>>
type Struct<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }

function mismatch(path: string, expected: string): SalusError {
  return new SalusError('schema-mismatch', `${path || 'value'}: expected ${expected}`, { path, expected })
}

/** An unsigned integer up to `max` (default 2^53-1). */
export function uint(max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return {
    parse: (value, path = '') => {
      if (typeof value !== 'number' || value > max) throw mismatch(path, `an integer up to ${max}`)
      return value
    },
    toCbor: (value) => value,
  }
}

/** A byte string of `min` to `max` bytes (`max` defaults to `min`: a fixed length). */
export function bytes(min: number, max: number = min): Schema<Uint8Array> {
  return {
    parse: (value, path = '') => {
      if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
        throw mismatch(path, min === max ? `${min} bytes` : `${min} to ${max} bytes`)
      }
      return value
    },
    toCbor: (value) => value,
  }
}

/** Text of at most `max` UTF-16 units, matching `pattern` when given. */
export function text(max: number, pattern?: RegExp): Schema<string> {
  return {
    parse: (value, path = '') => {
      if (typeof value !== 'string' || value.length > max || (pattern && !pattern.test(value))) {
        throw mismatch(path, pattern ? `text of at most ${max} that matches ${pattern}` : `text of at most ${max}`)
      }
      return value
    },
    toCbor: (value) => value,
  }
}

/** One of the given words. */
export function oneOf<const W extends readonly string[]>(...words: W): Schema<W[number]> {
  const known: ReadonlySet<string> = new Set(words)
  return {
    parse: (value, path = '') => {
      if (typeof value !== 'string' || !known.has(value)) throw mismatch(path, words.join(' | '))
      return value
    },
    toCbor: (value) => value,
  }
}

export const boolean: Schema<boolean> = {
  parse: (value, path = '') => {
    if (typeof value !== 'boolean') throw mismatch(path, 'true or false')
    return value
  },
  toCbor: (value) => value,
}

/** Any CBOR value, left for a later schema. */
export const anything: Schema<Cbor> = { parse: (value) => value, toCbor: (value) => value }

/** `inner`, or null. */
export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    parse: (value, path = '') => (value === null ? null : inner.parse(value, path)),
    toCbor: (value) => (value === null ? null : inner.toCbor(value)),
  }
}

/** An array of `min` to `max` items. */
export function array<T>(item: Schema<T>, min: number, max: number): Schema<readonly T[]> {
  return {
    parse: (value, path = '') => {
      if (!Array.isArray(value) || value.length < min || value.length > max) {
        throw mismatch(path, `an array of ${min} to ${max} items`)
      }
      return value.map((entry: Cbor, i) => item.parse(entry, `${path}[${i}]`))
    },
    toCbor: (value) => value.map((entry) => item.toCbor(entry)),
  }
}

/** A structure: a CBOR array holding the fields in the order written. */
export function struct<F extends Record<string, Schema<any>>>(fields: F): Schema<Struct<F>> {
  const entries = Object.entries(fields as unknown as Fields) as [string, Schema<unknown>][]
  return {
    parse: (value, path = '') => {
      if (!Array.isArray(value) || value.length !== entries.length) {
        throw mismatch(path, `a structure of ${entries.length} fields`)
      }
      const out: Record<string, unknown> = {}
      for (let i = 0; i < entries.length; i++) {
        const [name, schema] = entries[i] as [string, Schema<unknown>]
        out[name] = schema.parse(value[i] as Cbor, path ? `${path}.${name}` : name)
      }
      return out as Struct<F>
    },
    toCbor: (value) => {
      const source = value as Record<string, unknown>
      return entries.map(([name, schema]) => schema.toCbor(source[name]))
    },
  }
}

/** The bytes of `value` under `schema`. */
export function encode<T>(schema: Schema<T>, value: T): Uint8Array {
  return encodeCbor(schema.toCbor(value))
}

/** The value of `bytes` under `schema`. @throws SalusError `cbor-malformed`, `cbor-too-deep`, `schema-mismatch` */
export function decode<T>(schema: Schema<T>, content: Uint8Array): T {
  return schema.parse(decodeCbor(content))
}
