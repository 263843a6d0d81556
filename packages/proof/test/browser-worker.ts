/** Verifies proof files as a browser would: with the browser's cryptography, and nothing of Node within reach. */
import { registerHooks } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

const BROWSER_CRYPTO = new URL('../../core/src/crypto.browser.ts', import.meta.url).href
const loaded: string[] = []

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier.startsWith('node:')) throw new Error(`the verifier imports ${specifier}`)
    const resolved = nextResolve(specifier === '#crypto' ? BROWSER_CRYPTO : specifier, context)
    loaded.push(resolved.url)
    return resolved
  },
})

const { verifyProofFile } = await import('../src/proof-file.ts')
const { proofs, genesis } = workerData as { proofs: readonly string[]; genesis: string }
const results = proofs.map((proof) => {
  const result = verifyProofFile(proof, genesis)
  return result.valid ? result : { valid: false, code: result.error.code }
})
parentPort?.postMessage({ results, loaded })
