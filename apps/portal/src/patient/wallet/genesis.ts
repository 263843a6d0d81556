/** The genesis file that a wallet trusts from then on. */
import { readGenesis, SalusError, toHex } from '@salus/core'
import { sendForText } from '@salus/sdk'

/**
 * Fetches the genesis file of this node. An invitation names the ledger's id, which is the hash of that file, so the
 * wallet trusts what the custodian handed over; without an invitation (`null`) it trusts the node that it is opened at.
 * @throws SalusError `genesis-foreign`, `genesis-malformed`, `unreachable`
 */
export async function fetchGenesis(ledgerId: string | null): Promise<string> {
  const text = await sendForText(`${location.origin}/ledger/genesis`)
  const genesis = readGenesis(text)
  if (ledgerId !== null && toHex(genesis.ledgerId) !== ledgerId) {
    throw new SalusError('genesis-foreign', 'this node belongs to another network than the invitation')
  }
  return text
}
