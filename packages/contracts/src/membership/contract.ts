/**
 * Membership: who may act on the ledger, by which keys, and under which version of the rules. The genesis file names
 * the first members; from then on members decide together, by more than two thirds of those that are active.
 */
import type { Contract } from '../kit.ts'
import { startMembership } from './members.ts'
import { propose } from './propose.ts'
import { rotateKey } from './rotate-key.ts'
import { setEndpoint } from './set-endpoint.ts'
import { setValidator } from './set-validator.ts'
import {
  admissions,
  agenda,
  count,
  handles,
  keys,
  members,
  motions,
  proposals,
  protocol,
  validatorKeys,
  validators,
} from './tables.ts'
import { vote } from './vote.ts'

export const membership: Contract = {
  name: 'membership',
  doc:
    'Who may act on the ledger, by which keys, and under which version of the rules. The genesis file names the first ' +
    'members; from then on members decide by proposals, which pass with strictly more than two thirds of the members ' +
    'active at that moment.',
  tables: [members, keys, handles, count, admissions, protocol, proposals, agenda, motions, validators, validatorKeys],
  commands: [propose, vote, rotateKey, setEndpoint, setValidator],
  start: startMembership,
}
