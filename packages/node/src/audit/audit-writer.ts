/** AuditEvents are made from the journal of disclosures; nobody writes them, an import as little as a client. */
import { SalusError } from '@salus/core'
import type { Change, VaultWriter } from '../vault/vault.ts'

/** `writer` without writes of AuditEvents: they refuse all changes that come with them, as `audit-event-read-only`. */
export function withoutAuditWrites(writer: VaultWriter): VaultWriter {
  return {
    write: async (changes) => {
      if (changes.some((change) => typeOf(change) === 'AuditEvent')) {
        throw new SalusError('audit-event-read-only', 'AuditEvents are kept by this server and cannot be written', {
          allow: ['GET', 'HEAD'],
        })
      }
      return writer.write(changes)
    },
    erase: (patient) => writer.erase(patient),
  }
}

function typeOf(change: Change): string {
  return change.kind === 'put' ? change.resource.resourceType : change.type
}
