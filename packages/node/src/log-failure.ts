/**
 * How a failure of the node itself is logged. Messages of errors that are not ours may quote what was sent, so the
 * error's name and where it came from are written, and the route; never the message, the URL or the body.
 */
import { isSalusError } from '@salus/core'
import type { FastifyRequest } from 'fastify'

/** Logs `error` as the failure of `request`. */
export function logFailure(request: FastifyRequest, error: unknown, what: string): void {
  const { name, stack = '' } = error instanceof Error ? error : new Error('not an Error')
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const code = isSalusError(error) ? error.code : 'internal'
  request.log.error({ code, error: name, method: request.method, route: request.routeOptions.url, frames }, what)
}
