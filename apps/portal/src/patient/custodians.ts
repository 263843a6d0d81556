/** The custodians at which the patient is enrolled, as the pages ask them. */
import { fromHex } from '@salus/core'
import { type Enrolment, PatientClient } from '@salus/sdk'
import { useMemo } from 'react'
import { type Member, type Network, urlOf, useNetwork } from '../api/network.ts'
import { useOpenWallet } from './wallet/wallet-session.tsx'

export interface CustodianFile {
  readonly enrolment: Enrolment
  readonly member: Member
  readonly client: PatientClient
  readonly fileId: Uint8Array
}

/** One for each enrolment whose custodian the network knows. */
export function useCustodianFiles(): readonly CustodianFile[] {
  const network = useNetwork()
  const { wallet } = useOpenWallet()
  return useMemo(
    () =>
      wallet.state.enrolments.flatMap((enrolment) => {
        const member = network.byId(enrolment.custodian)
        if (member === undefined) return []
        const client = new PatientClient(
          { memberId: member.id, url: urlOf(network, member) },
          wallet.identity(member.id),
        )
        return [{ enrolment, member, client, fileId: fromHex(enrolment.fileId) }]
      }),
    [network, wallet],
  )
}

/** The nodes that are asked what the ledger says; one honest one is enough. */
export function witnessUrls(network: Network): readonly string[] {
  return network.members.filter(({ status }) => status === 'active').map((member) => urlOf(network, member))
}
