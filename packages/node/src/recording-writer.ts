/** Writing with evidence: every version that the vault stores waits in the outbox to be anchored, from the same commit. */
import type { Queries } from './db/database.ts'
import type { Files } from './files/files.ts'
import type { Outbox } from './outbox/outbox.ts'
import type { StoredVersion, VaultWriter } from './vault/vault.ts'

/** To be run inside the transaction that stores `versions`. */
export async function anchorLater(
  transaction: Queries,
  versions: readonly StoredVersion[],
  files: Files,
  outbox: Outbox,
): Promise<void> {
  const fileIds = new Map<string | null, string>()
  for (const { patient, commitment } of versions) {
    const fileId = fileIds.get(patient) ?? (await files.ensure(transaction, patient))
    fileIds.set(patient, fileId)
    await outbox.add(transaction, { kind: 'record', fileId, commitment, emergency: false })
  }
}

/** The writer for the API: once a write is durable, its files are known and the outbox hears of it. */
export function recordingWriter(writer: VaultWriter, files: Files, outbox: Outbox): VaultWriter {
  return {
    async write(changes) {
      const versions = await writer.write(changes)
      await files.refresh(new Set(versions.map(({ patient }) => patient)))
      outbox.announce(versions.length)
      return versions
    },
    erase: (patient) => writer.erase(patient),
  }
}
