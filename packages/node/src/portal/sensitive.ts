/**
 * What a session may do only shortly after its user proved who they are: acts that cannot be undone, or that give
 * others rights. An access token is such a proof by itself, as it lives for minutes.
 */
import type { FastifyRequest } from 'fastify'

const ACTS: readonly (readonly [method: string, path: RegExp])[] = [
  ['POST', /^\/admin\/patients\/[^/]+\/erase$/],
  ['POST', /^\/admin\/users$/],
  ['POST', /^\/admin\/users\/[^/]+\/sign-in-link$/],
  ['POST', /^\/admin\/proposals(?:\/[^/]+\/vote)?$/],
  ['POST', /^\/admin\/keys\/rotate$/],
]

export function isSensitive({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): boolean {
  const path = url.split('?', 1)[0] as string
  return ACTS.some(([of, pattern]) => of === method && pattern.test(path))
}
