/**
 * Finds Node 24, and fetches it from the npm registry where it is missing, so that a fresh machine needs nothing but
 * an older Node with npm. Shared by run.mjs and the `salus` launcher; runs on Node 20, so plain JavaScript.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The version that is fetched; any Node of this major or a later one is used as it is. */
const NODE_VERSION = '24.21.0'
const NODE_MAJOR = 24

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A failure whose message is all that the user needs to see. */
export class Failure extends Error {}

/** True when the running Node is new enough. */
export const runsNode24 = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR

/**
 * The path of a Node 24 executable: the running one, one that was fetched before, or one fetched now.
 * @throws Failure when there is none for this platform, or the registry cannot be reached
 */
export function node24() {
  if (runsNode24) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  const prefix = join(ROOT, '.tools', 'node24')
  const folder = join(prefix, 'node_modules', name)
  const executable = join(folder, 'bin', platform === 'win' ? 'node.exe' : 'node')
  if (fetchedVersion(folder) !== NODE_VERSION || !existsSync(executable)) {
    console.error(`salus: Node ${process.versions.node} is older than ${NODE_MAJOR}; fetching ${name}@${NODE_VERSION}`)
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const status = npm(['install', '--prefix', prefix, ...options, `${name}@${NODE_VERSION}`])
    if (status !== 0) {
      throw new Failure(
        `could not fetch Node ${NODE_VERSION} for ${platform}-${process.arch} from the npm registry (npm's message is ` +
          `above). Check the network, or install Node ${NODE_MAJOR} or newer yourself: https://nodejs.org`,
      )
    }
  }
  const probe = spawnSync(executable, ['--version'], { encoding: 'utf8' })
  if (probe.stdout?.trim() !== `v${NODE_VERSION}`) {
    throw new Failure(
      `the fetched Node ${NODE_VERSION} does not run on this system; install Node ${NODE_MAJOR} or newer yourself: ` +
        'https://nodejs.org',
    )
  }
  return executable
}

function fetchedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

/** Runs npm in the repository's root with output shown, and returns its exit status. */
export function npm(args) {
  const own = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined
  const [command, first] = own ? [process.execPath, [own]] : ['npm', []]
  const shell = own === undefined && process.platform === 'win32'
  const result = spawnSync(command, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 2, 2], shell })
  if (result.error) throw new Failure(`could not run npm: ${result.error.message}`)
  return result.status ?? 1
}

/**
 * Runs `executable` in the foreground with Node 24 first on PATH, and ends this process as the child ends.
 * On a terminal Ctrl-C reaches the child by itself, as it does every process of the foreground group; from anywhere
 * else an interrupt arrives here alone and is passed on. Either way this process waits for the child to end.
 */
export function handOver(executable, args, options = {}) {
  const separator = process.platform === 'win32' ? ';' : ':'
  const env = { ...process.env, PATH: `${dirname(executable)}${separator}${process.env.PATH ?? ''}` }
  const child = spawn(executable, args, { stdio: 'inherit', env, ...options })
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`salus: could not start ${executable}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}
