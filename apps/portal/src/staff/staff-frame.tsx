/** The frame of staff's pages. Who is not signed in, or comes for another role's page, is led to the right door. */
import { type ReactNode, useEffect } from 'react'
import { useLocation } from 'wouter'
import { useNetwork } from '../api/network.ts'
import { useSession } from '../api/staff.ts'
import { useMessages } from '../i18n/language.tsx'
import { navMessages } from '../shell/nav-messages.ts'
import { Shell } from '../shell/shell.tsx'
import { Skeleton } from '../ui/feedback.tsx'
import { homeOf } from './home.ts'

export default function StaffFrame({
  audience,
  children,
}: {
  readonly audience: 'clinician' | 'administrator'
  readonly children: ReactNode
}): ReactNode {
  const t = useMessages(navMessages)
  const session = useSession()
  const { here } = useNetwork()
  const [, go] = useLocation()
  const kind = audience === 'administrator' ? 'operator' : 'practitioner'
  useEffect(() => {
    if (session === null) go('/app/sign-in', { replace: true })
    else if (session !== undefined && session.kind !== kind) go(homeOf(session), { replace: true })
  }, [session, kind, go])
  const isReady = session?.kind === kind
  return (
    <Shell
      audience={audience}
      caption={
        session && (
          <>
            <strong>{session.name}</strong>
            <br />
            {t.signedInAt(here.name)}
          </>
        )
      }
    >
      {isReady ? children : <Skeleton />}
    </Shell>
  )
}
