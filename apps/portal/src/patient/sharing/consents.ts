/** The consents of the wallet, read back from the documents that were signed, with their status on the ledger. */
import type { Consent } from '@medplum/fhirtypes'
import {
  type ConsentStatus,
  consentEnd,
  consentStatus,
  prepareConsent,
  prepareRevocation,
  type WalletConsent,
} from '@salus/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type Network, useNetwork } from '../../api/network.ts'
import { type CustodianFile, useCustodianFiles, witnessUrls } from '../custodians.ts'
import { withConsentsOf } from '../wallet/sync.ts'
import { useWalletSession } from '../wallet/wallet-session.tsx'

export interface Shared {
  readonly id: string
  readonly file: CustodianFile
  readonly recipientId: string
  readonly recipient: string
  /** Resource types; empty for all. */
  readonly types: readonly string[]
  readonly purposes: readonly string[]
  readonly includesSensitive: boolean
  readonly startMs: number
  readonly endMs: number | null
  readonly status: ConsentStatus
}

/** All consents, those in force first; undefined while the ledger is asked. */
export function useConsents(): { readonly data: readonly Shared[] | undefined; readonly error: unknown } {
  const network = useNetwork()
  const files = useCustodianFiles()
  const { open } = useWalletSession()
  const consents = open?.wallet.state.consents ?? []
  const ids = consents.map(({ id, status }) => `${id} ${status}`)
  const read = useQuery({
    queryKey: ['patient', 'consents', ids],
    enabled: open !== null,
    queryFn: async () => {
      if (open === null) return []
      const [witness = location.origin] = witnessUrls(network)
      return Promise.all(
        consents.map(async (consent) => ({
          consent,
          status: consent.status === 'active' ? await consentStatus(witness, consent.id, open.genesis) : consent.status,
        })),
      )
    },
  })
  const data = useMemo(
    () =>
      read.data
        ?.flatMap(({ consent, status }) => describe(consent, status, files, network) ?? [])
        .sort((a, b) => Number(b.status === 'active') - Number(a.status === 'active') || b.startMs - a.startMs),
    [read.data, files, network],
  )
  return { data, error: read.error }
}

function describe(
  { id, custodian, document }: WalletConsent,
  status: ConsentStatus,
  files: readonly CustodianFile[],
  network: Network,
): Shared | null {
  const file = files.find(({ member }) => member.id === custodian)
  if (file === undefined) return null
  const consent = JSON.parse(document) as Consent
  const { actor, class: classes, purpose, provision, period } = consent.provision ?? {}
  const recipientId = actor?.[0]?.reference.reference?.replace('Organization/', '') ?? ''
  return {
    id,
    file,
    recipientId,
    recipient: network.byId(recipientId)?.name ?? recipientId,
    types: classes?.flatMap(({ code }) => code ?? []) ?? [],
    purposes: purpose?.flatMap(({ code }) => code ?? []) ?? [],
    includesSensitive: !provision?.some(({ securityLabel }) => securityLabel?.some(({ code }) => code === 'R')),
    startMs: Date.parse(period?.start ?? consent.dateTime ?? ''),
    endMs: consentEnd(consent),
    status,
  }
}

export interface ConsentActs {
  /** Signs and hands over; resolves once the ledger has committed it. */
  grant(file: CustodianFile, document: Consent): Promise<void>
  /** Resolves once the ledger has committed it: the very next request is refused. */
  revoke(consentId: string): Promise<void>
}

/** Granting and revoking with the open wallet, which is saved before anything is sent. */
export function useConsentActs(): ConsentActs {
  const session = useWalletSession()
  const files = useCustodianFiles()
  const queries = useQueryClient()
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['patient', 'consents'] })
  return {
    grant: async (file, document) => {
      const open = requireOpen(session.open)
      const wallet = await withConsentsOf(open.wallet, files)
      const prepared = await prepareConsent(wallet, file.member.id, document, open.genesis, Date.now())
      await session.save(prepared.wallet)
      try {
        await file.client.grant(prepared.fileId, prepared.consent)
      } catch (error) {
        // What was lost on the way may have been granted all the same: the wallet keeps it, and the ledger says.
        await refresh()
        throw error
      }
      await refresh()
    },
    revoke: async (consentId) => {
      const open = requireOpen(session.open)
      const consent = open.wallet.consent(consentId)
      const file = files.find(({ member }) => member.id === consent.custodian)
      if (file === undefined) throw new Error('the custodian of this consent is not in the network')
      await file.client.submit(await prepareRevocation(open.wallet, consentId, open.genesis, Date.now()))
      await session.save(open.wallet.withConsent({ ...consent, status: 'revoked' }))
      await refresh()
    },
  }
}

function requireOpen<T>(open: T | null): T {
  if (open === null) throw new Error('the wallet is locked')
  return open
}
