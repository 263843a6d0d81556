/**
 * Schemas of everything that crosses a border as CBOR: commands, state, evidence. A schema is the source of the
 * TypeScript type, of validation and bounds, and of the bytes. Structures are arrays in the order of their fields.
 */
import { type Cbor, decodeCbor, encodeCbor } from './cbor.ts'
import { isSalusError, SalusError } from './errors.ts'

/** Turns values of `T` into CBOR and back; `parse` refuses whatever is not exactly a `T` within its bounds. */
export interface Schema<T> {
  /** What is expected, in words: for messages and for the generated specification. */
  readonly expected: string
  /** @throws SalusError `schema-mismatch` with the path of the offending field. */
  parse(value: Cbor): T
  toCbor(value: T): Cbor
}

/** The TypeScript type that a schema describes. */
export type Infer<S> = S extends Schema<infer T> ? T : never

type Fields = Readonly<Record<string, Schema<never>>>
type Struct<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }

/** The schema of a structure, with the schemas of its fields in order. */
export interface StructSchema<F> extends Schema<Struct<F>> {
  readonly fields: F
}

function mismatch(path: string, expected: string): SalusError {
  return new SalusError('schema-mismatch', `${path || 'value'}: expected ${expected}`, { path, expected })
}

/**
 * Parses the part of a value that has the name or index `step`. The path to a mismatch is put together on the way out: what fits
 * pays nothing for it.
 * @throws SalusError `schema-mismatch`
 */
export function parseAt<T>(schema: Schema<T>, value: Cbor, step: string | number): T {
  try {
    return schema.parse(value)
  } catch (error) {
    if (!isSalusError(error, 'schema-mismatch')) throw error
    const { path, expected } = error.details as { path: string; expected: string }
    const here = typeof step === 'number' ? `[${step}]` : step
    throw mismatch(path === '' || path.startsWith('[') ? here + path : `${here}.${path}`, expected)
  }
}

/** An unsigned integer up to `max` (default 2^53-1). */
export function uint(max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  const expected = `an integer up to ${max === Number.MAX_SAFE_INTEGER ? '2^53-1' : max}`
  return {
    expected,
    parse: (value) => {
      if (typeof value !== 'number' || value > max) throw mismatch('', expected)
      return value
    },
    toCbor: (value) => value,
  }
}

/** A byte string of `min` to `max` bytes (`max` defaults to `min`: a fixed length). */
export function bytes(min: number, max: number = min): Schema<Uint8Array> {
  const expected = min === max ? `${min} bytes` : `${min} to ${max} bytes`
  return {
    expected,
    parse: (value) => {
      if (!(value instanceof Uint8Array) || value.length < min || value.length > max) throw mismatch('', expected)
      return value
    },
    toCbor: (value) => value,
  }
}

/** Text of at most `max` UTF-16 units, matching `pattern` when given. */
export function text(max: number, pattern?: RegExp): Schema<string> {
  const expected = pattern ? `text of at most ${max} that matches ${pattern}` : `text of at most ${max}`
  return {
    expected,
    parse: (value) => {
      if (typeof value !== 'string' || value.length > max || (pattern && !pattern.test(value))) {
        throw mismatch('', expected)
      }
      return value
    },
    toCbor: (value) => value,
  }
}

/** One of the given words. */
export function oneOf<const W extends readonly string[]>(...words: W): Schema<W[number]> {
  const known: ReadonlySet<string> = new Set(words)
  const expected = words.join(' | ')
  return {
    expected,
    parse: (value) => {
      if (typeof value !== 'string' || !known.has(value)) throw mismatch('', expected)
      return value
    },
    toCbor: (value) => value,
  }
}

export const boolean: Schema<boolean> = {
  expected: 'true or false',
  parse: (value) => {
    if (typeof value !== 'boolean') throw mismatch('', 'true or false')
    return value
  },
  toCbor: (value) => value,
}

/** Any CBOR value, left for a later schema. */
export const anything: Schema<Cbor> = {
  expected: 'anything',
  parse: (value) => value,
  toCbor: (value) => value,
}

/** `inner`, or null. */
export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    expected: `${inner.expected}, or null`,
    parse: (value) => (value === null ? null : inner.parse(value)),
    toCbor: (value) => (value === null ? null : inner.toCbor(value)),
  }
}

/** An array of `min` to `max` items. */
export function array<T>(item: Schema<T>, min: number, max: number): Schema<readonly T[]> {
  return {
    expected: `${min} to ${max} items, each: ${item.expected}`,
    parse: (value) => {
      if (!Array.isArray(value) || value.length < min || value.length > max) {
        throw mismatch('', `an array of ${min} to ${max} items`)
      }
      return value.map((entry: Cbor, i) => parseAt(item, entry, i))
    },
    toCbor: (value) => value.map((entry) => item.toCbor(entry)),
  }
}

/** A structure: a CBOR array holding the fields in the order written. */
export function struct<F extends Record<string, Schema<unknown>>>(fields: F): StructSchema<F> {
  const entries = Object.entries(fields as unknown as Fields) as [string, Schema<unknown>][]
  return {
    fields,
    expected: `(${entries.map(([name, schema]) => `${name}: ${schema.expected}`).join('; ')})`,
    parse: (value) => {
      if (!Array.isArray(value) || value.length !== entries.length) {
        throw mismatch('', `a structure of ${entries.length} fields`)
      }
      const out: Record<string, unknown> = {}
      for (let i = 0; i < entries.length; i++) {
        const [name, schema] = entries[i] as [string, Schema<unknown>]
        out[name] = parseAt(schema, value[i] as Cbor, name)
      }
      return out as Struct<F>
    },
    toCbor: (value) => {
      const source = value as Record<string, unknown>
      return entries.map(([name, schema]) => schema.toCbor(source[name]))
    },
  }
}

type Variant<V> = { [K in keyof V]: { readonly kind: K; readonly value: Infer<V[K]> } }[keyof V]

/** One of several kinds of value: a CBOR array of two items, the kind's name and the value under the kind's schema. */
export function variant<V extends Record<string, Schema<unknown>>>(kinds: V): Schema<Variant<V>> {
  const known = new Map<string, Schema<unknown>>(Object.entries(kinds))
  const names = Object.keys(kinds).join(' | ')
  return {
    expected: [...known].map(([kind, schema]) => `${kind} ${schema.expected}`).join(' | '),
    parse: (value) => {
      if (!Array.isArray(value) || value.length !== 2) throw mismatch('', 'an array of a kind and its value')
      const kind = value[0] as Cbor
      const schema = typeof kind === 'string' ? known.get(kind) : undefined
      if (!schema) throw mismatch('kind', names)
      return { kind, value: parseAt(schema, value[1] as Cbor, 'value') } as Variant<V>
    },
    toCbor: ({ kind, value }) => [kind as string, (known.get(kind as string) as Schema<unknown>).toCbor(value)],
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
