/** Writing with evidence: every version that the vault stores waits in the outbox to be anchored, from the same commit. */
import type { Queries } from './db/database.ts'
import type { Files } from './files/files.ts'
import type { RememberedOwners } from './gate/owners.ts'
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
  const fileOf = async (patient: string | null): Promise<string> => {
    const fileId = fileIds.get(patient) ?? (await files.ensure(transaction, patient))
    fileIds.set(patient, fileId)
    return fileId
  }
  for (const { patient, patients, commitment } of versions) {
    // Anchored in the first owner's file; the others get a file as well, for their logs.
    await outbox.add(transaction, await fileOf(patient), commitment)
    for (const other of patients) await fileOf(other)
  }
}

export interface RecordingParts {
  readonly writer: VaultWriter
  readonly files: Files
  readonly outbox: Outbox
  readonly owners: RememberedOwners
}

/** The writer for the API: once a write is durable, the gate, the files and the outbox hear of it. */
export function recordingWriter({ writer, files, outbox, owners }: RecordingParts): VaultWriter {
  return {
    async write(changes) {
      const versions = await writer.write(changes)
      owners.written(versions)
      await files.refresh(new Set(versions.flatMap(({ patient, patients }) => [patient, ...patients])))
      outbox.announce(versions.length)
      return versions
    },
    async erase(patient) {
      await writer.erase(patient)
      owners.erased()
    },
  }
}
