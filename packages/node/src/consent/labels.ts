/**
 * Security labels in one spelling, for the labels that consents name and for those that resources carry: FHIR changed
 * the names of the code systems between releases, and senders leave systems out or write codes in small letters. What a
 * label may mean it counts as, so that none slips past a denial: a code of the confidentiality system that R4 does not
 * have is V, and so is a code without a system that nothing here knows.
 */
import { SENSITIVITY_PARENTS } from './codes.ts'
import type { Code } from './filter.ts'
import { PURPOSE_SYSTEM } from './request.ts'

export const CONFIDENTIALITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
/** The system of sensitivity labels: v3-ActCode, InformationSensitivityPolicy. */
export const SENSITIVITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
/** Stands for the system of a resource's label that has none; a denial of the same code under any system covers it. */
export const ABSENT_SYSTEM = 'urn:salus:system-absent'

/** From unrestricted to very restricted. */
export const CONFIDENTIALITIES: readonly string[] = ['U', 'L', 'M', 'N', 'R', 'V']
/** What a resource without a confidentiality label counts as. */
export const NORMAL = 'N'
const HIGHEST: Code = { system: CONFIDENTIALITY_SYSTEM, code: 'V' }

/** Names of the same system in R4, STU3, DSTU2 and as an OID, and its value sets, in the form of {@link folded}. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...spellings(CONFIDENTIALITY_SYSTEM, 'confidentiality', '2.16.840.1.113883.5.25'),
  ...spellings(SENSITIVITY_SYSTEM, 'actcode', '2.16.840.1.113883.5.4'),
  ...spellings(SENSITIVITY_SYSTEM, 'informationsensitivitypolicy', '2.16.840.1.113883.1.11.20428'),
  ...spellings(PURPOSE_SYSTEM, 'actreason', '2.16.840.1.113883.5.8'),
  ...spellings(PURPOSE_SYSTEM, 'purposeofuse', '2.16.840.1.113883.1.11.20448'),
])

const SENSITIVITIES: ReadonlyMap<string, string> = new Map(
  Object.keys(SENSITIVITY_PARENTS).map((code) => [code.toUpperCase(), code]),
)

function spellings(system: string, name: string, oid: string): [spelling: string, system: string][] {
  const names = [
    `terminology.hl7.org/codesystem/v3-${name}`,
    `terminology.hl7.org/valueset/v3-${name}`,
    `hl7.org/fhir/v3/${name}`,
    `hl7.org/fhir/v3-${name}`,
    `hl7.org/fhir/v3/vs/${name}`,
    `hl7.org/fhir/codesystem/v3-${name}`,
    `hl7.org/fhir/valueset/v3-${name}`,
    `hl7.org/v3/${name}`,
    `urn:oid:${oid}`,
    oid,
  ]
  return names.map((spelling) => [spelling, system])
}

/** Small letters, without scheme, version and final slash. */
function folded(system: string): string {
  return system
    .toLowerCase()
    .replace(/^https?:\/\/(www\.)?/, '')
    .replace(/\|.*$/, '')
    .replace(/\/+$/, '')
}

/** The R4 name of a code system of security labels or purposes; any other as it is. */
export function canonicalSystem(system: string): string {
  return SPELLINGS.get(folded(system)) ?? system
}

/** A label in R4's spelling of system and code. One without a system stays without. */
export function canonicalLabel(label: Code): Code {
  const system = label.system === undefined ? undefined : canonicalSystem(label.system)
  const code = knownCode(system, label.code) ?? label.code
  return system === undefined ? { code } : { system, code }
}

/** The code as its system spells it, whatever the case of its letters; undefined for a code that is not known. */
function knownCode(system: string | undefined, code: string): string | undefined {
  const upper = code.toUpperCase()
  const isLevel = system !== SENSITIVITY_SYSTEM && CONFIDENTIALITIES.includes(upper)
  if (system !== undefined && system !== SENSITIVITY_SYSTEM && system !== CONFIDENTIALITY_SYSTEM) return undefined
  if (isLevel) return upper
  return system === CONFIDENTIALITY_SYSTEM ? undefined : SENSITIVITIES.get(upper)
}

/** All that one label of a resource counts as. */
export function heldLabels(label: { readonly system?: unknown; readonly code?: unknown }): readonly Code[] {
  const named = typeof label.system === 'string' ? canonicalSystem(label.system) : undefined
  const mayBeLevel = named === undefined || named === CONFIDENTIALITY_SYSTEM
  if (typeof label.code !== 'string') return mayBeLevel ? [HIGHEST] : []
  const { code } = canonicalLabel({ ...(named !== undefined && { system: named }), code: label.code })
  if (!mayBeLevel) return [{ system: named, code }]
  const sensitivity = SENSITIVITIES.get(code.toUpperCase())
  const isLevel = CONFIDENTIALITIES.includes(code)
  const level = isLevel ? [{ system: CONFIDENTIALITY_SYSTEM, code }] : []
  const kind = sensitivity === undefined ? [] : [{ system: SENSITIVITY_SYSTEM, code: sensitivity }]
  if (named !== undefined) return isLevel ? level : [HIGHEST, ...kind]
  const known = isLevel || kind.length > 0 ? [...level, ...kind] : [HIGHEST]
  return [...known, { system: ABSENT_SYSTEM, code }]
}
