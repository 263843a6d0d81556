/**
 * FHIR as staff's pages ask it: the own records at `/fhir`, another member's through `/exchange/{member}/fhir`. What
 * comes is what the custodian's decision lets through; what it holds back it does not mention.
 */
import type { Bundle, Patient, Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { parseJson } from '@salus/sdk'
import type { Member, Network } from '../api/network.ts'
import { staffText } from '../api/staff.ts'

const PAGES_MAX = 100
const PAGE_COUNT = 1000

/** The stated reason of emergency access, or null for treatment. */
export type Emergency = string | null

export function baseOf(network: Network, member: Member): string {
  return member.id === network.own ? '/fhir' : `/exchange/${member.handle}/fhir`
}

/** The first page of a search. @throws SalusError with the node's own code, such as `access-refused` */
export async function searchPage(path: string, emergency: Emergency = null): Promise<Bundle> {
  // Header values are bytes: the node reads UTF-8 (docs/operating/api.md).
  const headers = emergency === null ? {} : { 'x-emergency-reason': utf8Header(emergency) }
  const answer = parseJson(await staffText(path, { headers }))
  if (typeof answer === 'object' && answer !== null && 'resourceType' in answer && answer.resourceType === 'Bundle') {
    return answer as Bundle
  }
  throw new SalusError('answer-malformed', 'the answer of the node is not what it should be')
}

export async function searchPatients(
  base: string,
  query: URLSearchParams,
  emergency: Emergency = null,
): Promise<readonly Patient[]> {
  const bundle = await searchPage(`${base}/Patient?${query}`, emergency)
  return resourcesOf(bundle).filter((resource) => resource.resourceType === 'Patient')
}

/** All that may be seen of a patient's record. */
export async function readEverything(base: string, id: string, emergency: Emergency): Promise<readonly Resource[]> {
  const resources: Resource[] = []
  let path: string | null = `${base}/Patient/${id}/$everything?_count=${PAGE_COUNT}`
  for (let page = 0; path !== null; page++) {
    if (page > PAGES_MAX) throw new SalusError('answer-too-large', 'the record has too many pages')
    const bundle: Bundle = await searchPage(path, emergency)
    resources.push(...resourcesOf(bundle))
    path = nextOf(bundle)
  }
  return resources
}

/** Links name the node as the ledger does, and this page may know it by another name: the path is what counts. */
export function nextOf({ link }: Bundle): string | null {
  const next = link?.find(({ relation }) => relation === 'next')?.url
  if (next === undefined) return null
  const { pathname, search } = new URL(next)
  return pathname + search
}

export function resourcesOf({ entry }: Bundle): readonly Resource[] {
  return (entry ?? []).flatMap(({ resource, search }) =>
    resource === undefined || search?.mode === 'outcome' ? [] : [resource],
  )
}

/** The bytes of `text` as the characters that a header may have. */
function utf8Header(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

export function nameOf({ name }: Patient): string {
  const [first] = name ?? []
  return [...(first?.given ?? []), first?.family ?? ''].join(' ').trim()
}

/** Whole years of age, at death where that is known; null without a whole date of birth. */
export function ageOf({ birthDate, deceasedDateTime }: Patient): number | null {
  if (birthDate === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return null
  const at = deceasedDateTime === undefined ? new Date() : new Date(deceasedDateTime)
  const birth = new Date(birthDate)
  const years = at.getFullYear() - birth.getUTCFullYear()
  const beforeBirthday =
    at.getMonth() < birth.getUTCMonth() || (at.getMonth() === birth.getUTCMonth() && at.getDate() < birth.getUTCDate())
  return beforeBirthday ? years - 1 : years
}

/** `MR-123` where there is one, as people read it out. */
export function numbersOf({ identifier }: Patient): readonly string[] {
  return (identifier ?? []).flatMap(({ value }) => value ?? [])
}
