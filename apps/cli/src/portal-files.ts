/** Where the built portal lies (tools/portal.mjs builds it). */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder, or undefined where it was never built: nodes then serve no pages. */
export function portalFiles(): string | undefined {
  const folder = fileURLToPath(new URL('../../portal/dist', import.meta.url))
  return existsSync(folder) ? folder : undefined
}
