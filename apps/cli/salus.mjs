#!/usr/bin/env node
/** The `salus` command: runs src/main.ts under Node 24, which tools/node24.mjs finds or fetches. */
import { fileURLToPath } from 'node:url'
import { Failure, handOver, node24, runsNode24 } from '../../tools/node24.mjs'

const main = new URL('./src/main.ts', import.meta.url)
try {
  if (runsNode24) await import(main.href)
  else handOver(node24(), [fileURLToPath(main), ...process.argv.slice(2)])
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(`salus: ${error.message}`)
  process.exitCode = 1
}
