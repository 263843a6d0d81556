/**
 * Kills a real network (victim.ts) with SIGKILL at random moments under load, again and again on the same files. After
 * each kill: what it acknowledged is in the files, and nothing is there twice. In between and at the end: the ledger
 * replays from genesis to its roots; at the end, when nothing waits any more, the ledger counts what the nodes stored.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { auditLedger } from '@salus/ledger'
import { Violation } from '../model/violation.ts'
import { VictimFiles } from './victim-files.ts'

const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url))
/** A victim lives this long under load. */
const LIFE_MS_MAX = 800
/** A replay after this many kills: it takes the longer, the longer the ledger is. */
const KILLS_PER_AUDIT = 25

/** Kills `rounds` times. @throws Violation */
export async function killAtRandom(
  rounds: number,
  onRound: (round: number) => void = () => undefined,
): Promise<{ acknowledged: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-kill-'))
  let acknowledged = 0
  try {
    for (let round = 1; round <= rounds; round++) {
      const lines = await runAndKill(directory)
      acknowledged += lines.length
      const files = VictimFiles.open(directory)
      try {
        files.check(lines)
      } finally {
        files.close()
      }
      if (round % KILLS_PER_AUDIT === 0 || round === rounds) audit(directory)
      onRound(round)
    }
    await drain(directory)
    audit(directory)
    const files = VictimFiles.open(directory)
    files.checkCounts()
    files.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return { acknowledged }
}

/** Runs a victim until it is killed; resolves to the whole lines that it printed under load. */
async function runAndKill(directory: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [VICTIM, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let isReady = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (isReady || !output.includes('\n')) return
    isReady = true
    setTimeout(() => child.kill('SIGKILL'), randomInt(LIFE_MS_MAX))
  })
  const signal = await new Promise((resolve) => child.once('close', (_code, how) => resolve(how)))
  if (signal !== 'SIGKILL') throw new Violation('uncaught', 'the victim ended by itself')
  return output.split('\n').slice(1, -1)
}

async function drain(directory: string): Promise<void> {
  const child = spawn(process.execPath, [VICTIM, directory, 'drain'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Violation('stalled', 'what waited did not come to the ledger')
}

function audit(directory: string): void {
  const files = VictimFiles.open(directory)
  const { ledgerFolder, genesisText } = files
  files.close()
  const { divergence } = auditLedger(ledgerFolder, genesisText)
  if (divergence) throw new Violation('roots-differ', JSON.stringify(divergence))
}
