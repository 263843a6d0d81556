/** A world with some history, and one valid proof file of each kind out of it. */
import {
  CHAIN_START,
  commitVersion,
  DisclosureEntry,
  DisclosureRow,
  DOMAIN,
  disclosureCommitment,
  ed25519PublicKey,
  ed25519Sign,
  encode,
  FileRow,
  KeyRow,
  LogStatement,
  logStatementDigest,
  nextChainHead,
  utf8,
} from '@salus/core'
import {
  type DisclosureProof,
  inclusionPath,
  merkleRoot,
  type OmissionProof,
  type RecordProof,
  stateProofFile,
} from '../src/index.ts'
import { id16, seed, World } from './world.ts'

const FORMAT = 'salus-proof/1'
export const FILE_ID = id16('file')
const SALT = id16('salt')

/** A patient's resource, with a character outside ASCII. */
export const RESOURCE = '{"resourceType":"Observation","id":"o1","note":[{"text":"naïve"}]}'

export function entryOf(world: World, sequence: number, change: Partial<DisclosureEntry> = {}): DisclosureEntry {
  return {
    fileId: FILE_ID,
    sequence,
    salt: SALT,
    timeMs: world.timeMs,
    custodian: world.riverside,
    requester: world.lakeside,
    practitioner: 'Practitioner/1',
    purpose: 'TREAT',
    interaction: 'search-type',
    decision: 'permit',
    reason: 'consent-permit',
    emergency: null,
    consents: [id16('consent')],
    what: [{ type: 'Observation', count: 2 }],
    content: seed('content'),
    ...change,
  }
}

/** Splits the evidence of `log` as a proof file carries it. */
export function placed(world: World, index: number) {
  const { checkpoint, ...log } = world.proveEntry(index)
  return { log, checkpoint }
}

/** A statement by `signer`, as a custodian returns it beside the log. */
export function statementOf(world: World, change: Partial<LogStatement>, signer = 'riverside') {
  const statement: LogStatement = {
    ledgerId: world.genesis.ledgerId,
    custodian: world.riverside,
    fileId: FILE_ID,
    entries: 0,
    head: CHAIN_START,
    timeMs: world.timeMs,
    height: world.height,
    ...change,
  }
  return {
    statement: encode(LogStatement, statement),
    signature: ed25519Sign(seed(signer), logStatementDigest(statement)),
  }
}

export function omissionOf(world: World, change: Partial<LogStatement>, signer = 'riverside'): OmissionProof {
  return {
    format: FORMAT,
    kind: 'omission',
    ...statementOf(world, change, signer),
    signer: world.proveState('membership', 'key', ed25519PublicKey(seed(signer))),
    file: world.proveState('record', 'file', FILE_ID),
    disclosures: world.proveState('disclosure', 'file', FILE_ID),
  }
}

export function disclosureOf(world: World, entry: DisclosureEntry, items: readonly Uint8Array[], index: number) {
  const proof: DisclosureProof = {
    format: FORMAT,
    kind: 'disclosure',
    entry: encode(DisclosureEntry, entry),
    batch: {
      command: 0,
      file: 0,
      index: items.length - 1,
      path: inclusionPath(items, items.length - 1),
    },
    ...placed(world, index),
    signer: null,
  }
  return proof
}

/** Riverside has a file with two disclosures and one version; lakeside's key has been replaced once. */
export async function makeCases(world: World = new World()) {
  const sinceMs = world.timeMs
  const key = (name: string, memberId: string, untilMs: number | null = null) =>
    world.put(KeyRow, { memberId, sinceMs, untilMs }, 'membership', 'key', ed25519PublicKey(seed(name)))
  key('riverside', world.riverside)
  key('lakeside', world.lakeside, world.timeMs + 500)
  key('lakeside 2', world.lakeside)
  for (let i = 0; i < 5; i++) world.put(DisclosureRow, rowOf(0), 'disclosure', 'file', id16(`other ${i}`))

  const entry = entryOf(world, 2)
  const items = [disclosureCommitment(entryOf(world, 1)), disclosureCommitment(entry)]
  const versions = [commitVersion('Observation', 'o1', '1', utf8(RESOURCE), SALT)]
  await world.commitBatch('riverside', 'disclosure', 'commit-batch', id16('other 1'), [seed('item')])
  const disclosed = await world.commitBatch('riverside', 'disclosure', 'commit-batch', FILE_ID, items)
  const anchored = await world.commitBatch('lakeside 2', 'record', 'anchor', FILE_ID, versions)
  const head = nextChainHead(DOMAIN.disclosureChain, CHAIN_START, { count: 2, root: merkleRoot(items) })
  world.put(DisclosureRow, { ...rowOf(2), head, committedAtMs: world.timeMs }, 'disclosure', 'file', FILE_ID)
  world.put(
    FileRow,
    {
      custodian: world.riverside,
      status: 'open',
      openedAtMs: sinceMs,
      versions: 1,
      head: CHAIN_START,
      anchoredAtMs: world.timeMs,
    },
    'record',
    'file',
    FILE_ID,
  )

  const record: RecordProof = {
    format: FORMAT,
    kind: 'record',
    type: 'Observation',
    id: 'o1',
    version: '1',
    salt: SALT,
    resource: RESOURCE,
    batch: { command: 0, file: 0, index: 0, path: [] },
    ...placed(world, anchored),
    signer: world.proveState('membership', 'key', ed25519PublicKey(seed('lakeside 2'))),
  }
  const present = stateProofFile(world.proveState('disclosure', 'file', FILE_ID))
  const absent = stateProofFile(world.proveState('consent', 'consent', id16('consent')))
  const disclosure = disclosureOf(world, entry, items, disclosed)
  return { world, head, items, entry, disclosure, record, present, absent, omission: omissionOf(world, { entries: 1 }) }
}

function rowOf(entries: number): DisclosureRow {
  return { entries, emergencies: 0, head: CHAIN_START, committedAtMs: 0 }
}
