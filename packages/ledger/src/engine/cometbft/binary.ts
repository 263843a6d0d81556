/**
 * Where the CometBFT program is: named by COMETBFT_BIN, on the PATH, or built once from its pinned version into the
 * project's tools folder, which needs Go.
 */
import { execFile } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { SalusError } from '@salus/core'

/** The version that this engine is written and tested for. */
export const COMETBFT_VERSION = 'v0.39.4'
const GO_MINOR_MIN = 25
const BUILD_MS_MAX = 15 * 60 * 1000

const TOOLS = fileURLToPath(new URL('../../../../../.tools', import.meta.url))
const BUILT = join(TOOLS, `cometbft-${COMETBFT_VERSION}`)

const run = promisify(execFile)

/** The program that is there already, or undefined. COMETBFT_BIN, where set, is the only place looked at. */
export function findCometBinary(): string | undefined {
  const named = process.env.COMETBFT_BIN
  if (named) return isExecutable(named) ? named : undefined
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), BUILT]
  return folders.map((folder) => join(folder, 'cometbft')).find(isExecutable)
}

/**
 * The program; built where it is missing and Go is there, which takes a minute or two and the Go module proxy.
 * @throws SalusError `cometbft-missing`
 */
export async function cometBinary(): Promise<string> {
  const found = findCometBinary()
  if (found !== undefined) return found
  if (process.env.COMETBFT_BIN) throw missing('COMETBFT_BIN names no program')
  if (!(await hasGo())) throw missing(`Go 1.${GO_MINOR_MIN} or newer is not there to build it`)
  mkdirSync(BUILT, { recursive: true })
  const source = `github.com/cometbft/cometbft/cmd/cometbft@${COMETBFT_VERSION}`
  try {
    await run('go', ['install', source], { env: { ...process.env, GOBIN: BUILT }, timeout: BUILD_MS_MAX })
  } catch (cause) {
    throw missing('it could not be built', cause)
  }
  return join(BUILT, 'cometbft')
}

function missing(why: string, cause?: unknown): SalusError {
  const ways =
    `put CometBFT ${COMETBFT_VERSION} on the PATH or name it in COMETBFT_BIN (its releases have binaries), ` +
    `or install Go 1.${GO_MINOR_MIN} or newer, with which it is built here`
  return new SalusError('cometbft-missing', `CometBFT is missing: ${why}. Either ${ways}`, {}, cause)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function hasGo(): Promise<boolean> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'])
    return Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0) >= GO_MINOR_MIN
  } catch {
    return false
  }
}
