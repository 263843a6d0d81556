/**
 * The folder of one member, as `node init` and `network` make it (docs/operating/node.md): who the member is, its keys,
 * the genesis file, its ledger and its node. Whoever can read it can act as the member.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  cometAddress,
  ed25519PublicKey,
  fromHex,
  type GenesisMember,
  MEMBER_ROLES,
  memberId,
  SalusError,
  toHex,
} from '@salus/core'
import { issueToken, makeKeys, publicKeys, readKeys, writeKeys } from '@salus/node'
import { z } from 'zod'
import { type ConsensusKeys, makeConsensusKeys, writeConsensusKeys } from './consensus-keys.ts'
import { readJson } from './network.ts'

const FORMAT = 'salus-member/1'
const KeyText = z.string().regex(/^[0-9a-f]{64}$/)

/** `member.json`: public, and what a member sends to the others to be taken in. Keys are in hexadecimal. */
export const MemberFile = z.strictObject({
  format: z.literal(FORMAT),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  handle: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  name: z.string().min(1).max(128),
  roles: z.array(z.enum(MEMBER_ROLES)).min(1),
  url: z.url({ protocol: /^https?$/ }).max(256),
  signingKey: KeyText,
  encryptionKey: KeyText,
  /** Where CometBFT has its part: its consensus key, and where peers find it, `id@host:port`. */
  consensus: z
    .strictObject({ publicKey: KeyText, peer: z.string().regex(/^[0-9a-f]{40}@[^\s@,]{1,253}:\d{1,5}$/) })
    .nullable(),
})
export type MemberFile = z.infer<typeof MemberFile>

/** What an operator says of a new member. */
export interface NewMember {
  readonly handle: string
  readonly name: string
  readonly roles: readonly string[]
  readonly url: string
  /** Where peers find its CometBFT, `host:port`; null for a member of an embedded ledger. */
  readonly peerAddress: string | null
}

/** Where everything of a member stands. */
export function pathsOf(dir: string) {
  return {
    member: join(dir, 'member.json'),
    keys: join(dir, 'keys.json'),
    genesis: join(dir, 'genesis.json'),
    engineKey: join(dir, 'engine.key'),
    consensusKeys: join(dir, 'consensus-keys.json'),
    peers: join(dir, 'peers.json'),
    ledger: join(dir, 'ledger'),
    node: dir,
  } as const
}

/** Makes the folder with fresh keys. @throws SalusError `usage` where there is a member already, or a field is wrong */
export function makeMember(dir: string, member: NewMember): MemberFile {
  const paths = pathsOf(dir)
  if (existsSync(paths.member)) throw new SalusError('usage', `${dir} holds a member already`)
  const keys = makeKeys()
  const consensusKeys = makeConsensusKeys()
  const { signingKey, encryptionKey } = publicKeys(keys)
  const parsed = MemberFile.safeParse({
    format: FORMAT,
    id: memberId(member.name, signingKey),
    handle: member.handle,
    name: member.name,
    roles: [...member.roles],
    url: member.url.replace(/\/+$/, ''),
    signingKey: toHex(signingKey),
    encryptionKey: toHex(encryptionKey),
    consensus: member.peerAddress === null ? null : consensusOf(consensusKeys, member.peerAddress),
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new SalusError('usage', `the ${String(issue?.path[0])} of the member is not valid`)
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeKeys(paths.keys, keys)
  if (member.peerAddress !== null) writeConsensusKeys(paths.consensusKeys, consensusKeys)
  writeFileSync(paths.member, `${JSON.stringify(parsed.data, null, 2)}\n`, { flag: 'wx' })
  return parsed.data
}

function consensusOf({ consensus, node }: ConsensusKeys, peerAddress: string): MemberFile['consensus'] {
  const peer = `${toHex(cometAddress(ed25519PublicKey(node)))}@${peerAddress}`
  return { publicKey: toHex(ed25519PublicKey(consensus)), peer }
}

/** Reads a `member.json`. @throws SalusError `file-not-found`, `usage` */
export function readMemberFile(path: string): MemberFile {
  const parsed = MemberFile.safeParse(readJson(path))
  if (!parsed.success) throw new SalusError('usage', `${path} does not describe a member`)
  return parsed.data
}

/** Writes down where the member's node is from now on, as the ledger says it. */
export function moveMember(dir: string, url: string): void {
  const { member } = pathsOf(dir)
  writeFileSync(member, `${JSON.stringify({ ...readMemberFile(member), url: url.replace(/\/+$/, '') }, null, 2)}\n`)
}

/** Writes down the key that the member's validator signs with from now on. */
export function enterConsensusKey(dir: string, publicKey: Uint8Array): void {
  const path = pathsOf(dir).member
  const member = readMemberFile(path)
  if (member.consensus === null) return
  const consensus = { ...member.consensus, publicKey: toHex(publicKey) }
  writeFileSync(path, `${JSON.stringify({ ...member, consensus }, null, 2)}\n`)
}

/** The member as the genesis file names it. */
export function genesisMember({ id, handle, name, roles, url, signingKey, encryptionKey }: MemberFile): GenesisMember {
  return { id, handle, name, roles, url, signingKey: fromHex(signingKey), encryptionKey: fromHex(encryptionKey) }
}

const TOKEN_LIFETIME_S = 600

/** A node and a token by which its operator may do everything there. */
export interface OperatorAccess {
  readonly url: string
  readonly adminToken: string
}

/** Access to the node of the folder `dir`, made with its own keys. */
export async function accessOf(dir: string): Promise<OperatorAccess> {
  const paths = pathsOf(dir)
  const { id, url } = readMemberFile(paths.member)
  const node = { member: { id, url }, keys: readKeys(paths.keys) }
  const order = { kind: 'operator', practitioner: null, scopes: 'system/*.cruds', lifetimeS: TOKEN_LIFETIME_S } as const
  return { url, adminToken: await issueToken(node, order) }
}
