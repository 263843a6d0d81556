/** `/relay`: a member submits transactions here while its own validator is down. */
import { SalusError, TRANSACTION_BYTES_MAX } from '@salus/core'
import type { Ledger } from '@salus/ledger'
import { z } from 'zod'
import type { Principal } from '../../auth/principal.ts'
import { writeReceipt } from '../../relay/receipt.ts'
import { base64url, type Operation, operationsOf } from '../operation.ts'

export interface RelayApiParts {
  /** This node's own engine: what is relayed is not relayed again. */
  readonly ledger: Ledger
}

const operation = operationsOf<RelayApiParts, Principal>()

const submit = operation({
  method: 'POST',
  path: '/transactions',
  summary: 'Orders a signed transaction for another member; answers once it is committed',
  body: z.strictObject({ transaction: base64url(TRANSACTION_BYTES_MAX) }),
  handle: async ({ ledger }, { body }) => writeReceipt(await ledger.submit(body.transaction)),
})

/** @throws SalusError `not-a-member` for everybody but the node of another member */
export function requireMember(principal: Principal): Principal {
  if (principal.kind !== 'member') throw new SalusError('not-a-member', 'only other members relay transactions')
  return principal
}

export const RELAY_OPERATIONS: readonly Operation<RelayApiParts, Principal>[] = [submit]
