/** Runs axe-core on a page, in both colour schemes: WCAG 2.2 A and AA, and its best practices. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Person } from './browser.ts'

const AXE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
}

/** Asserts that axe finds nothing; `name` says where. */
export async function requireAccessible({ page }: Person, name: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.evaluate((chosen) => {
      document.documentElement.dataset.scheme = chosen
    }, scheme)
    // DevTools evaluates it in a world of its own kind, so the page's policy against foreign scripts stays in force.
    await page.evaluate(AXE)
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
      return (await axe.run()).violations
    })
    const found = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary ?? ''}`).join('; ')}`,
    )
    assert.deepEqual(found, [], `${name}, ${scheme}`)
  }
  await page.evaluate(() => {
    delete document.documentElement.dataset.scheme
  })
}
