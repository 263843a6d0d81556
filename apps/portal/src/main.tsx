/** The portal begins: look, language, the store of what was asked, the routes. */
import './without-eval.ts'
import '@fontsource-variable/atkinson-hyperlegible-next'
import './theme/tokens.css'
import './theme/base.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { LanguageProvider } from './i18n/language.tsx'
import { applyScheme, storedScheme } from './theme/scheme.ts'
import { ToastProvider } from './ui/toast.tsx'

applyScheme(storedScheme())
const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 30_000 } },
})

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <LanguageProvider>
      <QueryClientProvider client={queries}>
        <ToastProvider>
          <App />
        </ToastProvider>
      </QueryClientProvider>
    </LanguageProvider>
  </StrictMode>,
)
