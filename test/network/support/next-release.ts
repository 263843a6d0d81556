/**
 * Loaded before a process (`--import`), makes of this release of Salus the one after it, which knows the rules of
 * version 2 besides those of version 1. The rules are the same, so that what is tested is the change itself.
 */
import { registerHooks } from 'node:module'

const KNOWS_ONE = 'protocol === PROTOCOL_VERSION'
const KNOWS_TWO = '(protocol === PROTOCOL_VERSION || protocol === PROTOCOL_VERSION + 1)'

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!url.endsWith('/packages/ledger/src/open.ts')) return loaded
    const source = String(loaded.source)
    if (!source.includes(KNOWS_ONE)) throw new Error('the rules say otherwise which versions they know')
    return { ...loaded, source: source.replace(KNOWS_ONE, KNOWS_TWO) }
  },
})
