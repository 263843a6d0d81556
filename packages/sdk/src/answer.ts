/** Answers of a node are outside input: each is parsed by a schema before anything looks at it. */
import { SalusError } from '@salus/core'
import type { z } from 'zod'

/** @throws SalusError `answer-malformed` */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new SalusError('answer-malformed', 'the answer of the node is not what it should be')
}
