/** `salus member`: what a member does among the members. Its node signs, so these run where its operator may act. */
import { existsSync } from 'node:fs'
import { SalusError } from '@salus/core'
import { parseAnswer, postJson, sendForJson } from '@salus/sdk'
import type { Command } from 'commander'
import { z } from 'zod'
import { defineCommand } from '../define.ts'
import { accessOf, moveMember, type OperatorAccess, pathsOf, readMemberFile } from '../member-folder.ts'
import { memberOf, readNetwork } from '../network.ts'
import { columns, type Result } from '../output.ts'

interface Options {
  readonly dir: string
  readonly as?: string
}

const withAccess = (command: Command): Command =>
  command.option('--as <member>', 'a member of the network in --dir (default: the member whose folder --dir is)')

function access({ dir, as }: Options): OperatorAccess | Promise<OperatorAccess> {
  if (as === undefined && existsSync(pathsOf(dir).member)) return accessOf(dir)
  if (as === undefined) throw new SalusError('usage', `${dir} is not the folder of a member: say who acts with --as`)
  return memberOf(readNetwork(dir), as)
}

async function ask<T>(options: Options, path: string, shape: z.ZodType<T>, body?: unknown): Promise<T> {
  const { url, adminToken } = await access(options)
  const headers = { authorization: `Bearer ${adminToken}` }
  const address = `${url}/admin/${path}`
  return parseAnswer(
    shape,
    body === undefined ? await sendForJson(address, { headers }) : await postJson(address, body, headers),
  )
}

const Member = z.looseObject({
  id: z.string(),
  handle: z.string(),
  name: z.string(),
  status: z.string(),
  url: z.string(),
  validates: z.boolean(),
})

export const memberList = defineCommand<Options>(
  (member) =>
    withAccess(member.command('list'))
      .description('the members of the network, and which of them validate')
      .addHelpText('after', '\nExample:\n  salus member list --as riverside'),
  async (options) => {
    const { members } = await ask(options, 'members', z.object({ members: z.array(Member) }))
    const rows = members.map(({ handle, id, status, validates, url, name }) => [
      handle,
      id,
      status,
      validates ? 'validator' : '',
      url,
      name,
    ])
    return { json: { members }, text: columns(rows) }
  },
)

const Proposal = z.looseObject({
  id: z.string(),
  status: z.string(),
  action: z.looseObject({ kind: z.string() }),
  expiresAt: z.string(),
  ballots: z.array(z.object({ member: z.string(), approve: z.boolean() })),
})
type Proposal = z.infer<typeof Proposal>

function describe({ id, status, action, ballots }: Proposal): string[] {
  const about = action.name ?? action.memberId ?? action.version ?? ''
  const approving = ballots.filter(({ approve }) => approve).length
  return [id, status, action.kind, String(about), `${approving} for, ${ballots.length - approving} against`]
}

const shown = (proposal: Proposal): Result => ({ json: proposal, text: columns([describe(proposal)]) })

export const memberProposals = defineCommand<Options>(
  (member) =>
    withAccess(member.command('proposals'))
      .description('what members have proposed, newest first, with the ballots cast')
      .addHelpText('after', '\nExample:\n  salus member proposals --as lakeside'),
  async (options) => {
    const { proposals } = await ask(options, 'proposals', z.object({ proposals: z.array(Proposal) }))
    return { json: { proposals }, text: columns(proposals.map(describe)) }
  },
)

export const memberAdmit = defineCommand<Options, [file: string]>(
  (member) =>
    withAccess(member.command('admit <member.json>'))
      .description('propose to take in the member that its member.json describes')
      .addHelpText('after', '\nExample:\n  salus member admit --as riverside northgate/member.json'),
  async (options, file) => {
    const { handle, name, roles, signingKey, encryptionKey, url } = readMemberFile(file)
    const action = { kind: 'admit', handle, name, roles, signingKey, encryptionKey, url }
    return shown(await ask(options, 'proposals', Proposal, action))
  },
)

const standing = (kind: 'suspend' | 'reinstate', description: string) =>
  defineCommand<Options, [id: string]>(
    (member) =>
      withAccess(member.command(`${kind} <id>`))
        .description(description)
        .addHelpText('after', `\nExample:\n  salus member ${kind} --as riverside 1a56f8d523574d4281498578d0bffd83`),
    async (options, memberId) => shown(await ask(options, 'proposals', Proposal, { kind, memberId })),
  )

export const memberSuspend = standing('suspend', 'propose to take away a member’s right to act')
export const memberReinstate = standing('reinstate', 'propose to give it back')

interface UpgradeOptions extends Options {
  readonly atHeight: string
}

export const memberUpgrade = defineCommand<UpgradeOptions, [version: string]>(
  (member) =>
    withAccess(member.command('upgrade <version>'))
      .description('propose that a version of the rules takes effect at a height')
      .requiredOption('--at-height <height>', 'first block under the new rules')
      .addHelpText('after', '\nExample:\n  salus member upgrade 2 --at-height 50000 --as riverside'),
  async (options, version) => {
    const action = { kind: 'protocol-version', version: Number(version), atHeight: Number(options.atHeight) }
    return shown(await ask(options, 'proposals', Proposal, action))
  },
)

interface VoteOptions extends Options {
  readonly against: boolean
}

export const memberVote = defineCommand<VoteOptions, [proposal: string]>(
  (member) =>
    withAccess(member.command('vote <proposal>'))
      .description('cast this member’s one ballot, for the proposal unless --against')
      .option('--against', 'vote against it', false)
      .addHelpText('after', '\nExample:\n  salus member vote --as lakeside 5d1f…'),
  async (options, proposal) => {
    if (!/^[0-9a-f]{32}$/.test(proposal)) throw new SalusError('usage', 'a proposal is named by 32 hexadecimal digits')
    return shown(await ask(options, `proposals/${proposal}/vote`, Proposal, { approve: !options.against }))
  },
)

const Committed = z.looseObject({ status: z.string(), height: z.number() })

export const memberRotateKey = defineCommand<Options>(
  (member) =>
    withAccess(member.command('rotate-key'))
      .description('replace the member’s ledger key by a new one; the old one ends at once')
      .addHelpText('after', '\nExample:\n  salus member rotate-key --dir clinic'),
  async (options) => {
    const done = await ask(options, 'keys/rotate', Committed.extend({ signingKey: z.string() }), {})
    return { json: done, text: `the member signs with ${done.signingKey} from height ${done.height} on` }
  },
)

export const memberMove = defineCommand<Options, [url: string]>(
  (member) =>
    withAccess(member.command('move <url>'))
      .description('say where the member’s node is from now on')
      .addHelpText('after', '\nExample:\n  salus member move --dir clinic https://salus.clinic.example'),
  async (options, url) => {
    const done = await ask(options, 'endpoint', Committed, { url })
    if (options.as === undefined) moveMember(options.dir, url)
    return { json: done, text: `committed at height ${done.height}; start the node again` }
  },
)

interface ValidateOptions extends Options {
  readonly stop: boolean
  readonly newKey: boolean
}

export const memberValidate = defineCommand<ValidateOptions>(
  (member) =>
    withAccess(member.command('validate'))
      .description('make this node a validator with its present consensus key, or end that')
      .option('--new-key', 'with a new key; the node changes over by itself when the new one counts', false)
      .option('--stop', 'leave the validators', false)
      .addHelpText('after', '\nExample:\n  salus member validate --dir northgate'),
  async (options) => {
    if (options.stop && options.newKey) throw new SalusError('usage', '--stop and --new-key exclude each other')
    const validate = options.stop ? 'stop' : options.newKey ? 'new-key' : 'present-key'
    const done = await ask(options, 'validator', Committed, { validate })
    return { json: done, text: `committed at height ${done.height}; it takes effect two blocks later` }
  },
)
