/** Who the members are, and which of them serves this page: `/network` of the node. */
import { parseAnswer, sendForJson } from '@salus/sdk'
import { useSuspenseQuery } from '@tanstack/react-query'
import { z } from 'zod'

const Member = z.object({
  id: z.string(),
  handle: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  url: z.string(),
  status: z.string(),
})
export type Member = z.infer<typeof Member>

const Network = z.object({ own: z.string(), ledger: z.string(), origin: z.string(), members: z.array(Member) })
export interface Network extends z.infer<typeof Network> {
  /** The member whose node serves this page. */
  readonly here: Member
  readonly byId: (id: string) => Member | undefined
}

async function readNetwork(): Promise<Network> {
  const network = parseAnswer(Network, await sendForJson(`${location.origin}/network`))
  const byId = (id: string): Member | undefined => network.members.find((member) => member.id === id)
  return { ...network, byId, here: byId(network.own) as Member }
}

export const networkQuery = { queryKey: ['network'], queryFn: readNetwork, staleTime: 60_000 } as const

export function useNetwork(): Network {
  return useSuspenseQuery(networkQuery).data
}

/**
 * The URL at which this page asks a member's node. The own node is asked at the page's own origin, whatever the ledger
 * calls it: in the demo that is `localhost` here and an address there.
 */
export function urlOf(network: Network, member: Member): string {
  return member.id === network.own ? location.origin : member.url
}
