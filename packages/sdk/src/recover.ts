/** Restoring a wallet from its recovery code: the custodians say where the patient is enrolled and what was granted. */
import { isSalusError, SalusError, toBase64url } from '@salus/core'
import { type Custodian, PatientClient } from './patient-client.ts'
import type { Wallet } from './wallet/index.ts'

/** What a node answers to a key that no patient enrolled there. */
const NOT_ENROLLED = 'patient-signature-unknown'

/**
 * The wallet with the enrolments and consents that these custodians know of. A custodian that does not know the key adds
 * nothing; one that does not say what it knows adds nothing either, and is named in `unanswered`.
 */
export async function recoverFromCustodians(
  wallet: Wallet,
  custodians: readonly Custodian[],
): Promise<{ wallet: Wallet; unanswered: readonly string[] }> {
  let recovered = wallet
  const unanswered: string[] = []
  for (const custodian of custodians) {
    try {
      recovered = await recoverAt(recovered, custodian)
    } catch (error) {
      if (!(error instanceof SalusError)) throw error
      if (isSalusError(error, NOT_ENROLLED)) continue
      unanswered.push(custodian.memberId)
    }
  }
  return { wallet: recovered, unanswered }
}

async function recoverAt(wallet: Wallet, custodian: Custodian): Promise<Wallet> {
  const { memberId, url } = custodian
  const client = new PatientClient(custodian, wallet.identity(memberId))
  let recovered = wallet
  for (const { fileId, patient } of await client.files()) {
    recovered = recovered.withEnrolment({ custodian: memberId, url, fhir: `${url}/fhir`, patient, fileId })
    const held = await client.consents(fileId)
    recovered = recovered.withRecoveredConsents(
      held.map(({ consentId, document, salt, controller }) => ({
        id: consentId,
        custodian: memberId,
        document,
        salt: toBase64url(salt),
        status: 'active' as const,
        controller,
      })),
    )
  }
  return recovered
}
