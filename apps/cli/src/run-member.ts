/** Runs the member of a folder: its ledger's engine, whichever the genesis file names, and its node on top. */
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { handles, members } from '@salus/contracts'
import { ed25519PublicKey, equalBytes, fromHex, readGenesis, SalusError } from '@salus/core'
import { type CometLedger, cometBinary, type Ledger, openCometLedger, openEmbeddedLedger } from '@salus/ledger'
import { type RunningNode, readKeys, startNode } from '@salus/node'
import { ConsensusKeyFile } from './consensus-keys.ts'
import { type MemberFile, pathsOf, readMemberFile } from './member-folder.ts'
import { readText } from './network.ts'
import { readPeers } from './peers-file.ts'
import { portalFiles } from './portal-files.ts'
import { whenNextKeyCounts } from './validator-keys.ts'

export interface RunOptions {
  readonly dir: string
  readonly host: string
  /** Where to listen; null for the port of the member's URL. */
  readonly port: number | null
  /** How often snapshots are taken, and how many blocks CometBFT keeps, where these are not the engine's own bounds. */
  readonly blocks: { readonly snapshotBlocks?: number; readonly retainBlocks?: number }
  /** Gets what the engine has to complain about. */
  readonly log: (line: string) => void
  /** Resolves when it shall end. */
  readonly stop: Promise<void>
}

export interface RunningMember {
  readonly url: string
  /** Resolves when the validator's next key counts: the member is to be closed, the key promoted, and run again. */
  readonly nextKeyCounts: Promise<void>
  /** Rejects when the ledger takes no more: whoever supervises the process has to start it again. */
  readonly failed: Promise<never>
  close(): Promise<void>
}

interface Engine {
  readonly ledger: Ledger
  readonly failed: Promise<never>
  /** What an engine with validators has besides. */
  readonly validator: { readonly keys: ConsensusKeyFile; readonly comet: CometLedger } | null
}

/**
 * Starts ledger and node; resolves when the node serves. A member that joins follows the ledger until the others have
 * admitted it. Null when it was stopped before.
 */
export async function runMember(options: RunOptions): Promise<RunningMember | null> {
  const { dir, host, port, log, stop } = options
  const paths = pathsOf(dir)
  const member = readMemberFile(paths.member)
  const genesisText = readText(paths.genesis)
  // The engine comes first and the node knows the other members, so the engine asks the node once that runs.
  let node: RunningNode | undefined
  const { ledger, validator, failed } = await openEngine(options, member, genesisText, () => node?.relays() ?? [])
  try {
    if (!(await untilAdmitted(ledger, member.handle, paths.keys, log, stop))) {
      await ledger.close()
      return null
    }
    node = await startNode({
      handle: member.handle,
      directory: paths.node,
      keyFile: paths.keys,
      genesisText,
      ledger,
      consensusKey: validator?.keys ?? null,
      ...(validator === null ? {} : { lightCall: (call) => validator.comet.lightCall(call) }),
      portalFiles: portalFiles(),
      host,
      port: port ?? Number(new URL(member.url).port || 80),
    })
  } catch (error) {
    await ledger.close()
    throw error
  }
  const running = node
  let isClosed = false
  return {
    url: running.url,
    failed,
    nextKeyCounts:
      validator === null
        ? new Promise(() => undefined)
        : whenNextKeyCounts(
            validator.keys,
            (call) => validator.comet.lightCall(call),
            () => isClosed,
          ),
    close: async () => {
      isClosed = true
      await running.close()
      await ledger.close()
    },
  }
}

const ADMISSION_POLL_MS = 200

/**
 * Waits until the replica knows the member, and by the key that the member has: a replica that begins anew comes past
 * the keys of earlier days. False when it was stopped first.
 */
async function untilAdmitted(
  ledger: Ledger,
  handle: string,
  keyFile: string,
  log: (line: string) => void,
  stop: Promise<void>,
): Promise<boolean> {
  let isStopped = false
  void stop.then(() => {
    isStopped = true
  })
  const { signing, nextSigning } = readKeys(keyFile)
  const own = [signing, ...(nextSigning === null ? [] : [nextSigning])].map(ed25519PublicKey)
  const isAwaited = (): boolean => {
    const found = handles.get(ledger, handle)
    if (found === undefined) return true
    const known = members.get(ledger, found.memberId)?.signingKey
    return ledger.status().lagMs > 0 && !own.some((key) => known !== undefined && equalBytes(key, known))
  }
  if (isAwaited()) log(`${handle} is not admitted yet: following the ledger until it is`)
  while (isAwaited() && !isStopped) await setTimeout(ADMISSION_POLL_MS)
  return !isStopped
}

async function openEngine(
  { dir, blocks, log }: RunOptions,
  member: MemberFile,
  genesisText: string,
  relays: () => ReturnType<RunningNode['relays']>,
): Promise<Engine> {
  const paths = pathsOf(dir)
  const files = { directory: paths.ledger, genesis: genesisText }
  if (readGenesis(genesisText).engine.kind === 'embedded') {
    const engineKey = fromHex(readFileSync(paths.engineKey, 'utf8'))
    const ledger = await openEmbeddedLedger({ ...files, engineKey })
    return { ledger, validator: null, failed: new Promise(() => undefined) }
  }
  if (member.consensus === null) throw new SalusError('usage', 'the member was made without --peer')
  const keys = ConsensusKeyFile.open(paths.consensusKeys)
  const { listen, peers, stateSync } = readPeers(paths.peers)
  const failure = Promise.withResolvers<never>()
  // Nobody may be listening yet.
  failure.promise.catch(() => undefined)
  const comet = await openCometLedger({
    ...files,
    ...blocks,
    binary: await cometBinary(),
    consensusKey: keys.keys.consensus,
    nodeKey: keys.keys.node,
    listen,
    externalAddress: member.consensus.peer.slice(member.consensus.peer.indexOf('@') + 1),
    peers,
    relays,
    log,
    onFailed: failure.reject,
    ...(stateSync === null ? {} : { stateSync }),
  })
  return { ledger: comet, validator: { keys, comet }, failed: failure.promise }
}
