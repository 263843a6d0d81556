/** Processes of a demo by their place in the tree, so that no other demo on the machine is meant. */
import { execFileSync } from 'node:child_process'

interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

function processes(): Process[] {
  const text = execFileSync('ps', ['-Ao', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 16 << 20 })
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }]
  })
}

/** The process of CometBFT that the demo with this process id runs for a member. */
export function cometOf(demoPid: number, handle: string): number {
  const all = processes()
  const node = all.find(({ parent, command }) => parent === demoPid && command.includes(`members/${handle}`))
  const comet = all.find(({ parent, command }) => parent === node?.pid && command.includes('start'))
  if (comet === undefined) throw new Error(`no CometBFT runs for ${handle}`)
  return comet.pid
}
