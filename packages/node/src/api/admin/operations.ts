/** `/admin`: what the member's own operators do at their node besides FHIR. */
import { PublicKey, SalusError } from '@salus/core'
import { z } from 'zod'
import type { Principal } from '../../auth/principal.ts'
import { ACTION_NAMES, requireScope } from '../../auth/scopes.ts'
import type { Files } from '../../files/files.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { base64url, type Operation, operationsOf } from '../operation.ts'
import { MEMBERSHIP_OPERATIONS, type MembershipApiParts } from './membership.ts'

export interface AdminApiParts extends MembershipApiParts {
  readonly custodian: string
  readonly files: Files
  readonly outbox: Outbox
  /** Erases a patient here: see erase.ts. */
  readonly erase: (patient: string, reason: string) => Promise<{ fileId: string; height: number }>
}

const operation = operationsOf<AdminApiParts, Principal>()

const PatientReference = z
  .string()
  .regex(/^Patient\/[A-Za-z0-9\-.]{1,64}$/)
  .transform((reference) => reference.slice('Patient/'.length))

const enrol = operation({
  method: 'POST',
  path: '/enrolments',
  summary: 'Enrols the identity key of a patient whose identity was checked in person; replaces an earlier key',
  body: z.strictObject({
    patient: PatientReference,
    key: z.strictObject({ scheme: z.enum(['ed25519', 'webauthn-es256']), bytes: base64url(65) }),
  }),
  handle: async (parts, { body }) => {
    const { patient, key } = body
    // The ledger must know the file before the wallet can prove anything about it.
    await parts.outbox.flush()
    const file = await parts.files.enrol(patient, PublicKey.parse(PublicKey.toCbor(key)))
    return { custodian: parts.custodian, fileId: file.fileId, patient: `Patient/${patient}` }
  },
})

const erase = operation({
  method: 'POST',
  path: '/patients/:id/erase',
  summary: 'Erases a patient: destroys the data key, bodies and indexes, and closes the file on the ledger',
  params: z.object({ id: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/) }),
  body: z.strictObject({ reason: z.string().min(1).max(500) }),
  handle: async (parts, { params, body }) => {
    const { id } = params
    const done = await parts.erase(id, body.reason)
    return { patient: `Patient/${id}`, fileId: done.fileId, status: 'committed', height: done.height }
  },
})

const outbox = operation({
  method: 'GET',
  path: '/outbox',
  summary: 'How many commitments wait for the ledger',
  handle: (parts) => ({ waiting: parts.outbox.waiting }),
})

/**
 * Administration takes an operator with all rights over everything: a system that may only read medications has none
 * of this.
 * @throws SalusError `not-an-operator`, `insufficient-scope`
 */
export function requireAdministrator(principal: Principal): Principal {
  if (principal.kind !== 'operator')
    throw new SalusError('not-an-operator', 'only operators of this member may do this')
  for (const action of ACTION_NAMES) requireScope(principal, '*', action)
  return principal
}

export const ADMIN_OPERATIONS: readonly Operation<AdminApiParts, Principal>[] = [
  enrol,
  erase,
  outbox,
  ...MEMBERSHIP_OPERATIONS,
]
