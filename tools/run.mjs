#!/usr/bin/env node
/**
 * What stands behind `npm start`, `npm test` and `npm run bench|check|format|sim`: makes sure that Node 24 and the
 * dependencies are there, then runs the command under Node 24. Plain JavaScript without dependencies, for Node 20.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, handOver, node24, npm, ROOT } from './node24.mjs'

const COMMANDS = {
  start: ['apps/cli/src/main.ts', 'demo'],
  test: ['tools/test.mjs'],
  check: ['tools/check.mjs'],
  bench: ['tools/bench.mjs'],
  sim: ['packages/sim/src/main.ts'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', '.'],
}

/** The packages of a lock file by their path; undefined when it cannot be read. */
function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * True when node_modules holds what package-lock.json asks for. npm writes node_modules/.package-lock.json as the
 * last step of every install; optional packages of other platforms are in the one and not in the other.
 */
function isInstalled() {
  const wanted = packagesOf(join(ROOT, 'package-lock.json'))
  const present = packagesOf(join(ROOT, 'node_modules', '.package-lock.json'))
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (!path.includes('node_modules/')) return true
    if (!present[path]) return optional === true
    return present[path].version === version && present[path].integrity === integrity && existsSync(join(ROOT, path))
  })
}

/**
 * Installs what package-lock.json says, and fails if the result differs from it. `npm ci` would refuse a lock file that
 * lacks the optional packages of other platforms, which is what npm writes where a registry does not carry them.
 */
function install() {
  if (isInstalled()) return
  console.error('salus: installing the dependencies')
  // No dependency needs its install script, so none may run.
  const status = npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  if (status !== 0) {
    throw new Failure("could not install the dependencies (npm's message is above); this needs the npm registry once")
  }
  if (!isInstalled()) {
    throw new Failure('what npm installed differs from package-lock.json; run `npm install` and commit the lock file')
  }
}

/** Under Node 24, which may not be the running one. */
function buildPortal(executable) {
  const { status } = spawnSync(executable, [join(ROOT, 'tools', 'portal.mjs')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Failure('the portal could not be built (the reason is above)')
}

const [name, ...args] = process.argv.slice(2)
try {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined
  if (command === undefined)
    throw new Failure(`usage: node tools/run.mjs ${Object.keys(COMMANDS).join('|')} [arguments]`)
  const executable = node24()
  install()
  if (name === 'start') buildPortal(executable)
  handOver(executable, [join(ROOT, command[0]), ...command.slice(1), ...args], name === 'start' ? {} : { cwd: ROOT })
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(`salus: ${error.message}`)
  process.exitCode = 2
}
