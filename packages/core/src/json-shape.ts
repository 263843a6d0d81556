/**
 * Shapes of the two JSON files that travel alone, the genesis and a proof. A shape refuses unknown fields, so every
 * byte of such a file means something, and bounds every length.
 */
import { fromBase64url, fromHex, toBase64url, toHex } from './bytes.ts'
import { SalusError } from './errors.ts'

/** Reads a `T` out of parsed JSON, and writes it back. */
export interface Shape<T> {
  /** @throws SalusError `json-mismatch` with the path of the offending field. */
  read(value: unknown, path?: string): T
  write(value: T): unknown
}

export type ShapeOf<S> = S extends Shape<infer T> ? T : never

function mismatch(path: string, expected: string): SalusError {
  return new SalusError('json-mismatch', `${path || 'document'}: expected ${expected}`, { path, expected })
}

function primitive<T>(test: (value: unknown) => boolean, expected: string): Shape<T> {
  return {
    read: (value, path = '') => {
      if (!test(value)) throw mismatch(path, expected)
      return value as T
    },
    write: (value) => value,
  }
}

function spelled(parse: (text: string) => Uint8Array, text: string, path: string): Uint8Array {
  try {
    return parse(text)
  } catch (cause) {
    throw new SalusError('json-mismatch', `${path}: bytes are not spelled right`, { path }, cause)
  }
}

function spelledBytes(
  length: number | undefined,
  max: number,
  parse: (text: string) => Uint8Array,
  spell: (b: Uint8Array) => string,
): Shape<Uint8Array> {
  return {
    read: (value, path = '') => {
      if (typeof value !== 'string' || value.length > max * 2) throw mismatch(path, 'encoded bytes')
      const content = spelled(parse, value, path)
      if ((length !== undefined && content.length !== length) || content.length > max) {
        throw mismatch(path, `${length ?? `at most ${max}`} bytes`)
      }
      return content
    },
    write: spell,
  }
}

export const json = {
  /** Text of at most `max` UTF-16 units, without lone surrogates, which have no UTF-8 form. */
  text: (max: number): Shape<string> =>
    primitive((v) => typeof v === 'string' && v.length <= max && v.isWellFormed(), `text of at most ${max}`),
  /** An unsigned integer. */
  uint: (max: number = Number.MAX_SAFE_INTEGER): Shape<number> =>
    primitive(
      (v) => Number.isSafeInteger(v) && (v as number) >= 0 && (v as number) <= max && !Object.is(v, -0),
      `an integer up to ${max}`,
    ),
  /** Exactly this word. */
  literal: <const W extends string>(word: W): Shape<W> => primitive((v) => v === word, word),
  /** One of these words. */
  oneOf: <const W extends readonly string[]>(...words: W): Shape<W[number]> =>
    primitive((v) => typeof v === 'string' && words.includes(v), words.join(' | ')),
  /** Exactly `length` bytes in lower-case hexadecimal. */
  hex: (length: number): Shape<Uint8Array> => spelledBytes(length, length, fromHex, toHex),
  /** At most `max` bytes in unpadded base64url. */
  base64url: (max: number): Shape<Uint8Array> => spelledBytes(undefined, max, fromBase64url, toBase64url),
  nullable: <T>(inner: Shape<T>): Shape<T | null> => ({
    read: (value, path = '') => (value === null ? null : inner.read(value, path)),
    write: (value) => (value === null ? null : inner.write(value)),
  }),
  array: <T>(item: Shape<T>, min: number, max: number): Shape<readonly T[]> => ({
    read: (value, path = '') => {
      if (!Array.isArray(value) || value.length < min || value.length > max)
        throw mismatch(path, `${min} to ${max} items`)
      return value.map((entry, i) => item.read(entry, `${path}[${i}]`))
    },
    write: (value) => value.map((entry) => item.write(entry)),
  }),
  /** An object with exactly these fields, in this order. */
  object: <F extends Record<string, Shape<unknown>>>(fields: F): Shape<ObjectOf<F>> => {
    const names = Object.keys(fields)
    return {
      read: (value, path = '') => {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(path, 'an object')
        const found = Object.keys(value)
        if (found.length !== names.length || found.some((name, i) => name !== names[i])) {
          throw mismatch(path, `the fields ${names.join(', ')} in this order`)
        }
        const source = value as Record<string, unknown>
        const out: Record<string, unknown> = {}
        for (const name of names)
          out[name] = (fields[name] as Shape<unknown>).read(source[name], path ? `${path}.${name}` : name)
        return out as ObjectOf<F>
      },
      write: (value) => {
        const source = value as Record<string, unknown>
        return Object.fromEntries(names.map((name) => [name, (fields[name] as Shape<unknown>).write(source[name])]))
      },
    }
  },
  /** An object of one of these kinds: its first field `kind` names which, and the fields of that kind follow. */
  variant,
}

type ObjectOf<F> = { readonly [K in keyof F]: ShapeOf<F[K]> }
type VariantOf<V> = { [K in keyof V]: { readonly kind: K } & ObjectOf<V[K]> }[keyof V]

function variant<V extends Record<string, Record<string, Shape<unknown>>>>(kinds: V): Shape<VariantOf<V>> {
  const shapes = new Map<unknown, Shape<unknown>>(
    Object.entries(kinds).map(([kind, fields]) => [kind, json.object({ kind: json.literal(kind), ...fields })]),
  )
  const kindOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined
  return {
    read: (value, path = '') => {
      const shape = shapes.get(kindOf(value))
      if (!shape) throw mismatch(path ? `${path}.kind` : 'kind', Object.keys(kinds).join(' | '))
      return shape.read(value, path) as VariantOf<V>
    },
    write: (value) => (shapes.get(value.kind) as Shape<unknown>).write(value),
  }
}

/** The one spelling of a travelling file: JSON indented by two spaces, with a final newline. */
export function writeJsonFile<T>(shape: Shape<T>, value: T): string {
  return `${JSON.stringify(shape.write(value), null, 2)}\n`
}

/**
 * Reads a travelling file, which must be the one spelling of its content.
 * @throws SalusError `json-malformed`, `json-mismatch`, `json-not-canonical`
 */
export function readJsonFile<T>(shape: Shape<T>, content: string): T {
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (cause) {
    throw new SalusError('json-malformed', 'the file is not JSON', {}, cause)
  }
  const value = shape.read(parsed)
  if (writeJsonFile(shape, value) !== content) {
    throw new SalusError('json-not-canonical', 'the file is not spelled as it was written')
  }
  return value
}
