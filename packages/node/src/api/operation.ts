/**
 * Operations outside FHIR: one file each, listed in a registry. An operation says who may call it and what it takes;
 * the handler gets parsed input and returns a value. The OpenAPI description at /docs is made from the same records.
 */
import { fromHex, SalusError } from '@salus/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { statusOf } from './status.ts'

/** Parsed input of one call; `caller` is what the group's authentication returned. */
export interface Call<Caller, Params, Query, Body> {
  readonly caller: Caller
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

/** What every operation says of itself. */
interface Described {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path below the group's prefix, with `:name` or a final `*`. */
  readonly path: string
  readonly summary: string
}

interface Definition<Parts, Caller, Params, Query, Body> extends Described {
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  readonly handle: (parts: Parts, call: Call<Caller, Params, Query, Body>) => unknown
}

/** An operation as a group lists it: what it takes is parsed inside `run`. */
export interface Operation<Parts, Caller> extends Described {
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly run: (parts: Parts, caller: Caller, request: FastifyRequest) => unknown
}

/** A group of operations under one prefix, with one way to authenticate. */
export interface Group<Parts, Caller> {
  readonly name: string
  readonly prefix: string
  readonly operations: readonly Operation<Parts, Caller>[]
  readonly authenticate: (request: FastifyRequest) => Promise<Caller>
}

/** How a group defines its operations: the types of an operation's input come from its schemas. */
export function operationsOf<Parts, Caller>() {
  return <Params = undefined, Query = undefined, Body = undefined>(
    definition: Definition<Parts, Caller, Params, Query, Body>,
  ): Operation<Parts, Caller> => {
    const { method, path, summary, params, query, body, handle } = definition
    return {
      method,
      path,
      summary,
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      run: (parts, caller, request) =>
        handle(parts, {
          caller,
          params: parse(params, request.params, 'path'),
          query: parse(query, request.query, 'query'),
          body: parse(body, request.body, 'body'),
        }),
    }
  }
}

/** A reply that is not JSON: it goes out as it is. */
export class Raw {
  readonly contentType: string
  readonly content: string | Uint8Array
  readonly cache?: string

  constructor(contentType: string, content: string | Uint8Array, cache?: string) {
    this.contentType = contentType
    this.content = content
    if (cache !== undefined) this.cache = cache
  }
}

/** Adds a group's routes to the server. */
export function registerGroup<Parts, Caller>(app: FastifyInstance, parts: Parts, group: Group<Parts, Caller>): void {
  for (const definition of group.operations) {
    app.route({
      method: definition.method,
      url: group.prefix + definition.path,
      handler: async (request, reply) => {
        const caller = await group.authenticate(request)
        const answer = await definition.run(parts, caller, request)
        return send(reply, answer)
      },
    })
  }
}

/** @throws SalusError `request-malformed`, which names the place and never repeats the content */
function parse<T>(schema: z.ZodType<T> | undefined, value: unknown, place: string): T {
  if (schema === undefined) return undefined as T
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 10).map((issue) => ({ path: issue.path.join('.'), code: issue.code }))
  throw new SalusError('request-malformed', `the ${place} of the request is malformed`, { place, issues })
}

function send(reply: FastifyReply, answer: unknown): FastifyReply {
  if (!(answer instanceof Raw)) return reply.send(answer ?? {})
  if (answer.cache !== undefined) reply.header('cache-control', answer.cache)
  const content = typeof answer.content === 'string' ? answer.content : Buffer.from(answer.content)
  return reply.type(answer.contentType).send(content)
}

/** The JSON of an error, for every door but FHIR: `{"error":{"code","message","details"}}`. */
export function errorReply(error: unknown): { status: number; body: unknown } {
  if (error instanceof SalusError) {
    const { code, message, details } = error
    return { status: statusOf(code), body: { error: { code, message, details } } }
  }
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const name = typeof code === 'string' ? code.toLowerCase().replaceAll('_', '-') : 'request-malformed'
    return { status: statusCode, body: { error: { code: name, message: 'the request is malformed', details: {} } } }
  }
  return { status: 500, body: { error: { code: 'internal', message: 'the node failed', details: {} } } }
}

/** Bytes in unpadded base64url, at most `max` of them. */
export function base64url(max: number): z.ZodType<Uint8Array> {
  return z
    .string()
    .max(Math.ceil((max * 4) / 3))
    .regex(/^[A-Za-z0-9_-]*$/)
    .transform((text) => new Uint8Array(Buffer.from(text, 'base64url')))
}

/** Lower-case hexadecimal of `length` bytes. */
export function hex(length: number): z.ZodType<string> {
  return z.string().regex(new RegExp(`^[0-9a-f]{${2 * length}}$`))
}

/** `length` bytes in lower-case hexadecimal. */
export function hexBytes(length: number): z.ZodType<Uint8Array> {
  return hex(length).transform(fromHex)
}
