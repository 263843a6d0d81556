/** The frame of the patient's pages: unlocked wallet inside, live events while it is open. */
import { type ReactNode, useEffect, useRef } from 'react'
import { Front } from '../shell/front.tsx'
import { Shell } from '../shell/shell.tsx'
import { Skeleton } from '../ui/feedback.tsx'
import { useCustodianFiles } from './custodians.ts'
import { useLiveEvents } from './live-events.ts'
import { useOpenRequests } from './requests/requests.ts'
import { NoWallet } from './wallet/no-wallet.tsx'
import { withConsentsOf } from './wallet/sync.ts'
import { Unlock } from './wallet/unlock.tsx'
import { useWalletSession } from './wallet/wallet-session.tsx'

export default function PatientFrame({ children }: { readonly children: ReactNode }): ReactNode {
  const { state } = useWalletSession()
  if (state === 'open') return <OpenFrame>{children}</OpenFrame>
  return <Front>{state === 'loading' ? <Skeleton rows={2} /> : state === 'none' ? <NoWallet /> : <Unlock />}</Front>
}

/** Learns once what other devices granted. A custodian that does not answer now is asked before the next grant. */
function useSync(): void {
  const session = useWalletSession()
  const files = useCustodianFiles()
  const isDone = useRef(false)
  useEffect(() => {
    const { open } = session
    if (open === null || isDone.current) return
    isDone.current = true
    withConsentsOf(open.wallet, files).then(
      (wallet) => (wallet === open.wallet ? undefined : session.save(wallet)),
      () => undefined,
    )
  }, [session, files])
}

function OpenFrame({ children }: { readonly children: ReactNode }): ReactNode {
  useLiveEvents()
  useSync()
  const requests = useOpenRequests()
  return (
    <Shell audience="patient" counts={{ '/app/requests': requests.length }}>
      {children}
    </Shell>
  )
}
