/**
 * The permit to look up whom a record number names, so that a question reaches its patient. What is found goes to that
 * patient alone: it is no disclosure, and whoever asks learns nothing.
 */
import { mintPermit } from './mint.ts'
import type { Permit } from './permit.ts'
import { PURPOSE_SYSTEM } from './request.ts'

export function identifyPermit(custodian: string, timeMs: number): Permit {
  return mintPermit(
    {
      requester: custodian,
      custodian,
      practitioner: null,
      operator: true,
      purpose: { system: PURPOSE_SYSTEM, code: 'PATADMIN' },
      emergency: null,
      timeMs,
    },
    { files: new Map(), others: 'all', general: false },
  )
}
