/** The first page of the demo network, at its own port: one click into each role, at the right member's node. */
import '../without-eval.ts'
import '@fontsource-variable/atkinson-hyperlegible-next'
import '../theme/tokens.css'
import '../theme/base.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { LanguageProvider } from '../i18n/language.tsx'
import { applyScheme, storedScheme } from '../theme/scheme.ts'
import { DemoPage } from './demo-page.tsx'

applyScheme(storedScheme())
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <LanguageProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <DemoPage />
      </QueryClientProvider>
    </LanguageProvider>
  </StrictMode>,
)
