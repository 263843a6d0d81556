/** The decision engine as the gate uses it: over this node's ledger replica and consent documents. */
import { members } from '@salus/contracts'
import type { Ledger } from '@salus/ledger'
import type { Decider } from '../gate/decider.ts'
import { type Consents, decide } from './decide.ts'

/** Decides from committed state at the time of each call. */
export function ledgerDecider(ledger: Pick<Ledger, 'get' | 'status'>, consents: Consents): Decider {
  return {
    decide: (request, patients) => {
      const isForeign = request.requester !== request.custodian
      return decide(request, patients, consents, {
        memberActive: isForeign && members.get(ledger, request.requester)?.status === 'active',
        lagMs: ledger.status().lagMs,
      })
    },
  }
}
