/** Turns the links between the entries of a transaction, and conditional references, into `Type/id`. */
import { SalusError } from '@salus/core'
import { rewriteLinks } from './reference-rewrite.ts'
import { type PlannedStep, targetOf } from './transaction-step.ts'
import type { Lookups } from './write.ts'

const RELATIVE = /^[A-Z][A-Za-z]*\/[A-Za-z0-9.-]{1,64}$/
/** `Type?search`, in place of a reference (FHIR R4 section 3.1.0.11.2, conditional references). */
const CONDITIONAL = /^([A-Z][A-Za-z]*)\?(.+)$/s
const ABSOLUTE = /^(https?:\/\/.+\/)[A-Z][A-Za-z]*\/[A-Za-z0-9.-]{1,64}$/

/**
 * Changes the resources of `planned` in place.
 * @throws SalusError `condition-matches-none`, `condition-matches-many`, and those of a strict search
 */
export async function resolveLinks(planned: readonly PlannedStep[], match: Lookups['match']): Promise<void> {
  const identities = new Map<string, string>()
  for (const step of planned) {
    if (step.fullUrl !== undefined && step.plan.status !== 204) identities.set(step.fullUrl, targetOf(step))
  }
  const conditional = new Map<string, string | undefined>()
  for (const step of planned) {
    const base = ABSOLUTE.exec(step.fullUrl ?? '')?.[1]
    rewrite(
      step,
      (reference) => {
        if (CONDITIONAL.test(reference)) conditional.set(reference, undefined)
        const relative = base !== undefined && RELATIVE.test(reference) ? identities.get(base + reference) : undefined
        return relative ?? identities.get(reference)
      },
      (link) => identities.get(link),
    )
  }
  if (conditional.size === 0) return
  for (const reference of conditional.keys()) conditional.set(reference, await resolve(reference, match))
  for (const step of planned)
    rewrite(
      step,
      (reference) => conditional.get(reference),
      () => undefined,
    )
}

function rewrite(
  { plan: { change } }: PlannedStep,
  reference: (text: string) => string | undefined,
  link: (text: string) => string | undefined,
): void {
  if (change?.kind === 'put') rewriteLinks(change.resource, reference, link)
}

async function resolve(reference: string, match: Lookups['match']): Promise<string> {
  const [, type, query] = CONDITIONAL.exec(reference) as unknown as [string, string, string]
  const found = await match(type, query)
  if (!found) throw new SalusError('condition-matches-none', 'a conditional reference matches no resource')
  return `${type}/${found.id}`
}
