/**
 * Builds the portal for a strict Content Security Policy: no inline script or style, no data URIs for fonts, no
 * polyfill that would write script. `index.html` is what nodes serve, `demo.html` the first page of the demo network.
 */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const file = (name: string): string => new URL(name, import.meta.url).pathname

export default defineConfig({
  root: file('.'),
  plugins: [react()],
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    outDir: file('dist'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: [file('index.html'), file('demo.html')],
      output: {
        // A chunk is run as a whole, so what must run before all schemas are made cannot share one with any.
        codeSplitting: {
          groups: [
            { name: 'zod', test: /node_modules\/zod\//, priority: 3 },
            { name: 'without-eval', test: /without-eval\.ts$/, priority: 2 },
            { name: 'react', test: /node_modules\/(?:react|react-dom|scheduler)\//, priority: 1 },
          ],
        },
      },
    },
  },
})
