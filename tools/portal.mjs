/**
 * Builds the portal (apps/portal/dist) when something that goes into it is newer than what was built last. Behind
 * `npm start` and `npm test`; what is built is not committed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './node24.mjs'

const PORTAL = join(ROOT, 'apps', 'portal')
const BUILT = join(PORTAL, 'dist', 'index.html')
/** What the portal is made of, itself and the packages that it runs in the browser. */
const SOURCES = [
  ...['src', 'public', 'index.html', 'demo.html', 'vite.config.ts', 'package.json'].map((name) => join(PORTAL, name)),
  ...['core', 'contracts', 'proof', 'sdk'].map((name) => join(ROOT, 'packages', name, 'src')),
  join(ROOT, 'package-lock.json'),
]

/** The latest time of change of a file, or of any file below a folder, in milliseconds since 1970. */
function changedAtMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  const times = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs)
  return Math.max(stat.mtimeMs, ...times)
}

/** Builds the portal if that is needed. @throws Error with the reason when it does not build */
export function buildPortal() {
  if (existsSync(BUILT) && SOURCES.every((path) => changedAtMs(path) <= statSync(BUILT).mtimeMs)) return
  console.error('salus: building the portal')
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: PORTAL,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('the portal could not be built (the reason is above)')
}

if (import.meta.main) buildPortal()
