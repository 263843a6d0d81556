/**
 * `salus ledger witness`: a view of the ledger that its signer cannot rewrite. The state file is the note of the last
 * checkpoint seen, with the witness's cosignature when it has a key (docs/spec/checkpoint.md).
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Genesis, isSalusError, readGenesis, SalusError, toHex } from '@salus/core'
import { describeCheckpoint } from '@salus/proof'
import {
  cosign,
  type Followed,
  type Forked,
  follow,
  makeWitnessKey,
  PublishedLog,
  readWitnessKey,
  type WitnessKey,
  witnessVerifierKey,
  writeWitnessKey,
} from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { readText } from '../network.ts'
import { EXIT, type Result } from '../output.ts'
import { stopSignal } from '../signals.ts'
import { type LedgerOptions, ledgerNode, withMember } from './ledger-node.ts'

interface WitnessOptions extends LedgerOptions {
  readonly url?: string
  readonly genesis?: string
  readonly state: string
  readonly key?: string
  readonly name?: string
  readonly interval?: string
}

interface Witness {
  readonly url: string
  readonly genesis: Genesis
  readonly state: string
  readonly key: WitnessKey | null
}

/** Longest pause between two looks, in seconds: a day. */
const INTERVAL_SECONDS_MAX = 86_400

export const ledgerWitness = defineCommand<WitnessOptions>(
  (ledger) =>
    withMember(ledger.command('witness'))
      .description('keep a view of the ledger, cosign its checkpoints, and refuse a fork with evidence')
      .option('--url <url>', 'the node to ask, in place of a member of the network')
      .option('--genesis <file>', 'the genesis file that you trust; with --url')
      .requiredOption('--state <file>', 'the note of the last checkpoint seen')
      .option('--key <file>', 'the key to cosign with; made there when --name is given and no such file exists')
      .option('--name <name>', 'the name of a new key, such as witness.example.com/w1')
      .option('--interval <seconds>', 'look again and again, with this pause, until stopped')
      .addHelpText(
        'after',
        '\nExample:\n  salus ledger witness --as lakeside --state view.txt --key witness.key --name w1',
      ),
  async (options) => {
    const seconds = intervalOf(options)
    const witness = openWitness(options)
    return seconds === null ? describe(witness, await look(witness)) : watch(witness, seconds)
  },
)

/** @throws SalusError `usage` */
function intervalOf({ interval }: WitnessOptions): number | null {
  if (interval === undefined) return null
  const seconds = Number(interval)
  if (seconds > 0 && seconds <= INTERVAL_SECONDS_MAX) return seconds
  throw new SalusError('usage', `--interval is above 0 and at most ${INTERVAL_SECONDS_MAX} seconds`)
}

/** @throws SalusError `usage`, and those of reading the files */
function openWitness(options: WitnessOptions): Witness {
  const { url, genesis, state, key, name } = options
  if ((url === undefined) !== (genesis === undefined)) {
    throw new SalusError('usage', '--url and --genesis go together: a node cannot vouch for its own genesis')
  }
  if (key === undefined && name !== undefined) throw new SalusError('usage', '--name goes with --key')
  const node = url === undefined || genesis === undefined ? ledgerNode(options) : null
  return {
    url: node ? node.member.url : (url as string),
    genesis: readGenesis(node ? node.genesis : readText(genesis as string)),
    state,
    key: key === undefined ? null : openKey(key, name),
  }
}

function openKey(path: string, name: string | undefined): WitnessKey {
  if (name !== undefined && !existsSync(path)) {
    writeFileSync(path, `${writeWitnessKey(makeWitnessKey(name))}\n`, { mode: 0o600, flag: 'wx' })
  }
  const key = readWitnessKey(readText(path))
  if (name === undefined || name === key.name) return key
  throw new SalusError('usage', `the key in ${path} has another name`)
}

/** One look at the node. An accepted checkpoint becomes the view; of a fork only the evidence is kept. */
async function look({ url, genesis, state, key }: Witness): Promise<Followed | Forked> {
  const view = existsSync(state) ? readText(state) : null
  const followed = await follow(view, new PublishedLog(url), genesis)
  if (followed.outcome === 'forked') replaceFile(evidenceOf(state), followed.proof)
  else replaceFile(state, key ? cosign(followed.note, key, Math.floor(Date.now() / 1000)) : followed.note)
  return followed
}

/** Looks until it is stopped or the ledger forks. A node that does not answer is asked again. */
async function watch(witness: Witness, seconds: number): Promise<Result> {
  const stopping = new AbortController()
  void stopSignal().then(() => stopping.abort())
  let last: Result = { json: { outcome: 'none' }, text: '' }
  while (!stopping.signal.aborted) {
    try {
      const followed = await look(witness)
      last = describe(witness, followed)
      if (followed.outcome === 'forked') return last
      if (followed.outcome !== 'same') process.stderr.write(`${last.text}\n`)
    } catch (error) {
      if (!isSalusError(error, 'unreachable')) throw error
      process.stderr.write('the node does not answer\n')
    }
    await sleep(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
  return last
}

const evidenceOf = (state: string): string => `${state}.fork.json`

/** Writes a file as a whole: a reader, or a crash, finds the old one or the new one. */
function replaceFile(path: string, content: string): void {
  const written = `${path}.new`
  writeFileSync(written, content)
  renameSync(written, path)
}

function describe({ state, key }: Witness, followed: Followed | Forked): Result {
  if (followed.outcome === 'forked') {
    const [seen, offered] = [describeCheckpoint(followed.seen), describeCheckpoint(followed.offered)]
    const evidence = evidenceOf(state)
    const lines = [
      `FORK: the node offers height ${offered.height}, which contradicts height ${seen.height} as seen before.`,
      `Both are signed. The evidence is in ${evidence}: salus verify ${evidence} --genesis genesis.json`,
    ]
    return { json: { outcome: 'forked', evidence, seen, offered }, text: lines.join('\n'), exit: EXIT.invalid }
  }
  const { outcome, checkpoint } = followed
  const { height, logSize, logRoot } = checkpoint
  const verifierKey = key && witnessVerifierKey(key)
  return {
    json: { outcome, state, checkpoint: describeCheckpoint(checkpoint), verifierKey },
    text: `${outcome}: height ${height}, ${logSize} entries, log root ${toHex(logRoot)}${key ? `, cosigned by ${key.name}` : ''}`,
  }
}
