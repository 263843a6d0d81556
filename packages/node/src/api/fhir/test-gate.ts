/** A gate for tests: it permits as told, and keeps what was released. */
import { SalusError } from '@salus/core'
import type { Principal } from '../../auth/principal.ts'
import { parseScopes } from '../../auth/scopes.ts'
import type { DataFilter } from '../../consent/filter.ts'
import { mintPermit } from '../../consent/mint.ts'
import type { Ask, Gate, Passage } from '../../gate/gate.ts'
import type { StoredVersion } from '../../vault/vault.ts'

export const CUSTODIAN = 'custodian'

export interface Recorded {
  readonly ask: Ask
  readonly released: readonly string[] | 'not-found'
  readonly counted?: readonly string[]
}

export class TestGate implements Gate {
  readonly records: Recorded[] = []
  /** What members may see of the patients named here; own users see everything. */
  readonly filters = new Map<string, DataFilter>()

  async open(principal: Principal, ask: Ask): Promise<Passage> {
    const isMember = principal.kind === 'member'
    const permit = mintPermit(
      {
        requester: principal.member,
        custodian: CUSTODIAN,
        practitioner: principal.practitioner,
        operator: principal.kind === 'operator',
        purpose: ask.purpose.code,
        emergency: ask.purpose.emergency,
        timeMs: 0,
      },
      isMember
        ? { files: this.filters, others: 'none', general: true }
        : { files: new Map(), others: 'all', general: true },
    )
    return {
      permit,
      close: async (released: readonly StoredVersion[], counted: readonly string[] = []) => {
        const names = released.map(({ type, id, version }) => `${type}/${id}/${version}`)
        this.records.push({ ask, released: names, counted })
      },
      notFound: async () => {
        this.records.push({ ask, released: 'not-found' })
        if (isMember) throw new SalusError('access-refused', 'access is refused', { reason: 'no-consent' })
      },
    }
  }
}

/** A principal of a kind with these scopes. */
export function principal(kind: Principal['kind'], scopes: string): Principal {
  return {
    kind,
    member: kind === 'member' ? 'other' : CUSTODIAN,
    practitioner: kind === 'operator' ? null : 'Practitioner/1',
    scopes: parseScopes(scopes),
    asserted: null,
  }
}
