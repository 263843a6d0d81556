/**
 * A patient's record while it is written: a FHIR R4 transaction bundle (section 3.1.0.11.2) whose entries name each
 * other by `urn:uuid`, and the clock of the story.
 */
import type { Bundle, BundleEntry, Encounter, Patient, Reference, Resource } from '@medplum/fhirtypes'
import type { Random } from '../random.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365.25 * DAY_MS

/** Where every story ends, so that the same seed gives the same bytes on any day. */
const PRESENT_MS = Date.UTC(2026, 0, 1)

/** The moment `years` before the end of the stories, in milliseconds since 1970, on a whole day. */
export function yearsAgo(years: number): number {
  return Math.round((PRESENT_MS - years * YEAR_MS) / DAY_MS) * DAY_MS
}

export function afterDays(timeMs: number, days: number): number {
  return timeMs + days * DAY_MS
}

/** Age in years at `timeMs` of one born at `bornMs`. */
export function ageAt(bornMs: number, timeMs: number): number {
  return (timeMs - bornMs) / YEAR_MS
}

/** FHIR `dateTime` to the second, in UTC. */
export function dateTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

/** FHIR `date`. */
export function date(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** Who a story is about. Heights are of the grown adult, in centimetres. */
export interface Person {
  readonly patient: Patient
  readonly female: boolean
  readonly bornMs: number
}

/** One contact with the hospital; what happens there refers to it. */
export interface Visit {
  readonly timeMs: number
  readonly encounter: Reference<Encounter>
}

export interface PatientRecord {
  readonly random: Random
  readonly person: Person
  readonly subject: Reference<Patient>
  /** Adds a resource and returns the reference to it. */
  add<R extends Resource>(resource: R): Reference<R>
  toBundle(): Bundle
}

export function createRecord(random: Random, person: Person): PatientRecord {
  const entries: BundleEntry[] = []
  const add = <R extends Resource>(resource: R): Reference<R> => {
    const fullUrl = `urn:uuid:${random.uuid()}`
    entries.push(transactionEntry(fullUrl, resource))
    return { reference: fullUrl }
  }
  return { random, person, subject: add(person.patient), add, toBundle: () => transaction(entries) }
}

/** An entry that creates `resource`; with `ifNoneExist`, only where no match is there yet. */
export function transactionEntry(fullUrl: string, resource: Resource, ifNoneExist?: string): BundleEntry {
  const condition = ifNoneExist === undefined ? {} : { ifNoneExist }
  return { fullUrl, resource, request: { method: 'POST', url: resource.resourceType, ...condition } }
}

export function transaction(entry: BundleEntry[]): Bundle {
  return { resourceType: 'Bundle', type: 'transaction', entry }
}
