/** What a patient can take along: the record as a FHIR bundle, the log with its evidence, the wallet file. */
import type { Bundle } from '@medplum/fhirtypes'
import { toBase64url, toHex } from '@salus/core'
import { useCustodianFiles } from '../custodians.ts'
import { useRecord } from '../record/record.ts'
import { readStoredWallet } from '../wallet/stored-wallet.ts'
import { saveFile } from './save-file.ts'

export interface Downloads {
  record(): Promise<void>
  log(): Promise<void>
  wallet(): Promise<void>
}

export function useDownloads(): Downloads {
  const files = useCustodianFiles()
  const { custodians } = useRecord()
  return {
    record: async () => {
      const entry = custodians.flatMap(({ resources, file }) =>
        resources.map((resource) => ({
          fullUrl: `${file.enrolment.fhir}/${resource.resourceType}/${resource.id}`,
          resource,
        })),
      )
      const bundle: Bundle = { resourceType: 'Bundle', type: 'collection', timestamp: new Date().toISOString(), entry }
      saveFile('my-record.json', 'application/fhir+json', JSON.stringify(bundle, null, 2))
    },
    log: async () => {
      const logs = await Promise.all(
        files.map(async ({ client, enrolment, member }) => {
          const { entries, batches, statement, signature } = await client.log(enrolment.fileId)
          return {
            custodian: member.id,
            file: enrolment.fileId,
            entries: entries.map(toBase64url),
            batches: batches.map(({ count, root }) => ({ count, root: toHex(root) })),
            statement: toBase64url(statement),
            signature: toHex(signature),
          }
        }),
      )
      saveFile('my-access-log.json', 'application/json', JSON.stringify(logs, null, 2))
    },
    wallet: async () => {
      const stored = await readStoredWallet()
      if (stored !== null) saveFile('my-wallet.json', 'application/json', stored.file)
    },
  }
}
