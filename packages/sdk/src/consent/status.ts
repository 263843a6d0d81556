/** The status of a consent as the ledger has it, proven against the genesis file. */
import { ConsentRow, decode, equalBytes, fromHex, type Genesis, SalusError, stateKey, toBase64url } from '@salus/core'
import { readProofFile, verifyStateProof } from '@salus/proof'
import { sendForText } from '../http.ts'

/** `unknown`: the ledger has no such consent; `expired` by this machine's clock. */
export type ConsentStatus = 'active' | 'revoked' | 'replaced' | 'expired' | 'unknown'

/** @throws SalusError `unreachable`, and the codes of proofs that do not hold */
export async function consentStatus(nodeUrl: string, consentId: string, genesis: Genesis): Promise<ConsentStatus> {
  const key = stateKey('consent', 'consent', [fromHex(consentId)])
  const file = readProofFile(await sendForText(`${nodeUrl}/ledger/proof/state/${toBase64url(key)}`))
  if (file.kind !== 'state' || !equalBytes(file.proof.key, key)) {
    throw new SalusError('answer-malformed', 'the node sent another proof than asked for')
  }
  verifyStateProof(file.proof, genesis)
  if (file.proof.value === null) return 'unknown'
  const row = decode(ConsentRow, file.proof.value)
  if (row.status === 'active' && row.expiresAtMs !== null && row.expiresAtMs <= Date.now()) return 'expired'
  return row.status
}
