/** What the simulated people share: the network, the models of what they know, and the tokens of members' users. */
import type { Genesis } from '@salus/core'
import type { ConsentModel } from '../model/consent-model.ts'
import type { DisclosureModel } from '../model/disclosure-model.ts'
import type { RecordModel } from '../model/record-model.ts'
import type { SimulatedMember } from '../network/genesis.ts'
import type { Site } from '../network/site.ts'
import type { Scheduler } from '../platform/scheduler.ts'
import type { Random } from '../random.ts'

export interface World {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly sites: readonly Site[]
  readonly members: readonly SimulatedMember[]
  readonly genesis: Genesis
  readonly genesisText: string
  readonly records: RecordModel
  readonly consents: ConsentModel
  readonly disclosures: DisclosureModel
  /** What people did, by the name of the action and how it ended. */
  readonly tally: Map<string, number>
}

const LIFETIME_S = 300 * 24 * 60 * 60

/** A token of the member's own user, or null while its node is down. */
export async function tokenOf(
  world: World,
  member: SimulatedMember,
  practitioner: string | null,
): Promise<string | null> {
  const site = world.sites.find(({ members }) => members.includes(member))
  const node = site?.node(member.id)
  if (!site || !node) return null
  const kind = practitioner === null ? 'operator' : 'practitioner'
  const scopes = practitioner === null ? 'system/*.cruds' : 'user/*.rs'
  return site.process.run(() => node.issueToken({ kind, practitioner, scopes, lifetimeS: LIFETIME_S }))
}

/** Writes down how an action ended, also in the trace. */
export function note(world: World, who: string, action: string, outcome: string): void {
  const name = `${action} ${outcome}`
  world.tally.set(name, (world.tally.get(name) ?? 0) + 1)
  world.scheduler.trace(`${who}: ${name}`)
}
