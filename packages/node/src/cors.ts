/**
 * Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): browser apps of any origin may call, as
 * whoever calls brings an access token of their own. There is no credentials mode: this API knows no cookies.
 */
import type { FastifyInstance } from 'fastify'

const REQUEST_HEADERS = [
  'Accept',
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-Modified-Since',
  'If-None-Exist',
  'If-None-Match',
  'Prefer',
  'X-Emergency-Reason',
  'X-Purpose-Of-Use',
  'X-Security-Context',
].join(', ')
const REPLY_HEADERS = [
  'Allow',
  'Content-Location',
  'ETag',
  'Last-Modified',
  'Location',
  'Retry-After',
  'WWW-Authenticate',
  'X-Security-Context',
].join(', ')
/** Browsers ask again after this long; they bear no more than two hours. */
const PREFLIGHT_LIFETIME_S = 7200

/** Lets browsers of other origins use every route of `app`, and answers their preflights at `paths`. */
export function allowOrigins(app: FastifyInstance, paths: readonly string[], methods: readonly string[]): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', REPLY_HEADERS)
  })
  for (const path of paths) {
    app.options(path, (_request, reply) =>
      reply
        .code(204)
        .header('access-control-allow-methods', methods.join(', '))
        .header('access-control-allow-headers', REQUEST_HEADERS)
        .header('access-control-max-age', PREFLIGHT_LIFETIME_S)
        .send(),
    )
  }
}
