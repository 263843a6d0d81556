/** What a patient's command needs: the wallet, the genesis that it trusts, and the custodians by name. */
import { type Genesis, readGenesis } from '@salus/core'
import { PatientClient, type Wallet } from '@salus/sdk'
import { type Network, readNetwork, readText } from './network.ts'
import { type OpenWalletFile, openWalletFile, type WalletOptions } from './wallet-file.ts'

export interface PatientSession {
  readonly network: Network
  readonly genesisText: string
  readonly genesis: Genesis
  readonly file: OpenWalletFile
}

/** Opens the wallet and the network of a command. */
export async function openSession(options: WalletOptions & { readonly dir: string }): Promise<PatientSession> {
  const network = readNetwork(options.dir)
  const genesisText = readText(network.genesis)
  return { network, genesisText, genesis: readGenesis(genesisText), file: await openWalletFile(options) }
}

/** A client for the custodian with this id, at which the wallet is enrolled. @throws SalusError `wallet-not-enrolled` */
export function clientFor(wallet: Wallet, custodian: string): PatientClient {
  const { url } = wallet.enrolment(custodian)
  return new PatientClient({ memberId: custodian, url }, wallet.identity(custodian))
}

/** The short name of a member, or its id where the network has none for it. */
export function nameOf(network: Network, memberId: string): string {
  return Object.entries(network.members).find(([, member]) => member.id === memberId)?.[0] ?? memberId
}
