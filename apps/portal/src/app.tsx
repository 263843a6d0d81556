/** The routes: each page in the frame of its audience, after whatever sign-in that asks for. */
import { lazy, type ReactNode, Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { type Audience, PAGES } from './pages.ts'
import { WalletProvider } from './patient/wallet/wallet-session.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { Front } from './shell/front.tsx'
import { Skeleton } from './ui/feedback.tsx'

const StaffFrame = lazy(() => import('./staff/staff-frame.tsx'))
const PatientFrame = lazy(() => import('./patient/patient-frame.tsx'))
const NotFound = lazy(() => import('./welcome/not-found-page.tsx'))

export function App(): ReactNode {
  return (
    <WalletProvider>
      <Switch>
        {PAGES.map(({ path, audience, component: Page }) => (
          <Route key={path} path={path}>
            <Frame audience={audience}>
              <ErrorBoundary key={path}>
                <Page />
              </ErrorBoundary>
            </Frame>
          </Route>
        ))}
        <Route>
          <Front>
            <NotFound />
          </Front>
        </Route>
      </Switch>
    </WalletProvider>
  )
}

function Frame({ audience, children }: { readonly audience: Audience; readonly children: ReactNode }): ReactNode {
  if (audience === 'anyone') return <Front>{children}</Front>
  return (
    <Suspense fallback={<Skeleton />}>
      {audience === 'patient' ? (
        <PatientFrame>{children}</PatientFrame>
      ) : (
        <StaffFrame audience={audience}>{children}</StaffFrame>
      )}
    </Suspense>
  )
}
