/** The demo on CometBFT: every member a process of its own, `salus node start`, with its validator beside it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SalusError } from '@salus/core'
import { parseAnswer, sendForJson } from '@salus/sdk'
import { z } from 'zod'
import { pathsOf, readMemberFile } from '../member-folder.ts'
import { folderOf } from './folders.ts'
import { demoMembers } from './members.ts'
import type { DemoOptions, RunningMembers } from './options.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const READY_MS_MAX = 120_000
const STOP_MS_MAX = 20_000

const Figures = z.object({ height: z.number(), logSize: z.number(), stateKeys: z.number(), logRoot: z.string() })

/** Starts all members; resolves when each serves. @throws SalusError `member-failed` with what it said */
export async function startProcesses(options: DemoOptions): Promise<RunningMembers> {
  const folders = demoMembers(options.engine).map((member) => folderOf(options, member))
  const children = folders.map((folder) => {
    const command = [MAIN, 'node', 'start', '--dir', folder, '--host', options.host]
    return spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  })
  // However this process ends, it leaves nobody behind.
  process.once('exit', () => {
    for (const child of children) child.kill('SIGTERM')
  })
  const close = async (): Promise<void> => void (await Promise.all(children.map(stop)))
  try {
    await Promise.all(children.map(ready))
  } catch (error) {
    await close()
    throw error
  }
  const { url } = readMemberFile(pathsOf(folders[0] as string).member)
  return { status: async () => parseAnswer(Figures, await sendForJson(`${url}/ledger/status`)), close }
}

/** Resolves when the member says that it is ready. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = (why: string): void => reject(new SalusError('member-failed', `a member does not start: ${why}`))
    const timeout = setTimeout(() => fail(said.trim() || 'it says nothing'), READY_MS_MAX)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const [, url] = /^ready (\S+)$/m.exec(text) ?? []
      if (url === undefined) return
      process.stdout.write(`${url}\n`)
      clearTimeout(timeout)
      resolve()
    })
    child.once('exit', (code) => {
      clearTimeout(timeout)
      fail(said.trim() || `it ended with code ${code}`)
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(force)
}
