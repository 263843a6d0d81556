/**
 * One wallet may be on several devices, each with its own state. The custodians hold every consent that was handed to
 * them, so a wallet that asks them first learns what its other copies granted, and never uses a derivation index twice.
 */
import { toBase64url } from '@salus/core'
import type { Wallet } from '@salus/sdk'
import type { CustodianFile } from '../custodians.ts'

/** The wallet with the consents that these custodians hold and it did not know; the same wallet when there are none. */
export async function withConsentsOf(wallet: Wallet, files: readonly CustodianFile[]): Promise<Wallet> {
  const known = new Set(wallet.state.consents.map(({ id }) => id))
  const held = await Promise.all(
    files.map(async ({ client, enrolment, member }) =>
      (await client.consents(enrolment.fileId))
        .filter(({ consentId }) => !known.has(consentId))
        .map(({ consentId, document, salt, controller }) => ({
          id: consentId,
          custodian: member.id,
          document,
          salt: toBase64url(salt),
          status: 'active' as const,
          controller,
        })),
    ),
  )
  const found = held.flat()
  return found.length === 0 ? wallet : wallet.withRecoveredConsents(found)
}
