/** Random filters, resources, requests and provisions over a small vocabulary, so that they often meet. */
import fc from 'fast-check'
import type { Code, DataFilter, ResourceFacts } from '../src/consent/filter.ts'
import type { AccessRequest } from '../src/consent/request.ts'
import {
  actor,
  CUSTODIAN,
  confidentiality,
  HILLTOP,
  type Json,
  LAKESIDE,
  reason,
  request,
  sensitivity,
  TIME_MS,
  type,
} from './consents.ts'

const DAY_MS = 86_400_000

const types = fc.constantFrom('Observation', 'Condition', 'Encounter')
const labels: fc.Arbitrary<Code> = fc.constantFrom(
  ...['L', 'N', 'R', 'V'].map(confidentiality),
  ...['PSY', 'ETH', 'OPIOIDUD'].map(sensitivity),
)
const codes: fc.Arbitrary<Code> = fc.constantFrom('1', '2').map((code) => ({ system: 'http://loinc.org', code }))
const references = fc.constantFrom('Encounter/e', 'Observation/o', 'Condition/c')
const authors = fc.constantFrom('Practitioner/alice', 'Practitioner/bob')
const days = fc.integer({ min: -2, max: 2 })

function few<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.uniqueArray(item, { minLength: 1, maxLength: 2, selector: (value) => JSON.stringify(value) })
}

const leaves: fc.Arbitrary<DataFilter> = fc.oneof(
  fc.constantFrom<DataFilter>({ op: 'all' }, { op: 'none' }),
  few(types).map((types) => ({ op: 'type', types }) as const),
  few(labels).map((labels) => ({ op: 'label', labels }) as const),
  few(codes).map((codes) => ({ op: 'code', codes }) as const),
  references.map((reference) => ({ op: 'instance', reference }) as const),
  references.map((reference) => ({ op: 'related', reference }) as const),
  authors.map((reference) => ({ op: 'author', reference }) as const),
  days.map((day) => ({ op: 'period', startMs: TIME_MS + day * DAY_MS, endMs: null }) as const),
)

export const filters: fc.Arbitrary<DataFilter> = fc.letrec<{ filter: DataFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaves,
    fc.record({ op: fc.constantFrom('and', 'or'), of: fc.array(tie('filter'), { maxLength: 3 }) }),
    tie('filter').map((of) => ({ op: 'not', of }) as const),
  ),
})).filter

export const resources: fc.Arbitrary<ResourceFacts> = fc.record({
  type: types,
  id: fc.constantFrom('o', 'c', 'e'),
  labels: fc.array(labels, { maxLength: 2 }),
  codes: fc.array(codes, { maxLength: 1 }),
  clinical: fc.option(days.map((day) => ({ startMs: TIME_MS + day * DAY_MS, endMs: TIME_MS + day * DAY_MS }))),
  references: fc.array(references, { maxLength: 1 }),
  authors: fc.array(authors, { maxLength: 1 }),
})

export const requests: fc.Arbitrary<AccessRequest> = fc
  .record({
    requester: fc.constantFrom(LAKESIDE, HILLTOP, CUSTODIAN),
    practitioner: fc.option(authors),
    purpose: fc.constantFrom('TREAT', 'COC', 'HRESCH', 'BTG').map(reason),
    timeMs: days.map((day) => TIME_MS + day * DAY_MS),
  })
  .map((change) => request({ ...change, emergency: change.purpose.code === 'BTG' ? 'unconscious' : null }))

function date(day: number): string {
  return new Date(TIME_MS + day * DAY_MS).toISOString()
}

const periods = fc.record({ start: days.map(date) }).map((period): Json => period)
const reasons = fc.constantFrom('TREAT', 'HRESCH', 'BTG').map(reason)
const actors = fc
  .constantFrom(`Organization/${LAKESIDE}`, `Organization/${HILLTOP}`, 'Practitioner/alice', 'Device/d')
  .map(actor)
const data = fc.oneof(
  fc.tuple(fc.constantFrom('instance', 'related'), references),
  fc.tuple(fc.constant('authoredby'), authors),
)

const criteria: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  period: periods,
  actor: few(actors),
  securityLabel: few(labels),
  purpose: few(reasons),
  class: few(types.map(type)),
  code: few(codes.map((code) => ({ coding: [code] }))),
  dataPeriod: periods,
  data: few(data.map(([meaning, reference]) => ({ meaning, reference: { reference } }))),
}

/** A denial of somebody whom no request can be told from is refused when it is parsed. */
function deniesNobody({ type, actor }: Json): boolean {
  return type === 'deny' && JSON.stringify(actor ?? []).includes('Device/')
}

function provisionsOf(depth: number): fc.Arbitrary<Json> {
  const type = fc.constantFrom('permit', 'permit', 'deny')
  const provision = depth > 1 ? fc.array(provisionsOf(depth - 1), { maxLength: 2 }) : fc.constant([])
  return fc.subarray(Object.keys(criteria), { maxLength: 2 }).chain((names) =>
    fc
      .record({ type, provision, ...Object.fromEntries(names.map((name) => [name, criteria[name]])) })
      .map(({ provision, ...rest }) => (provision.length > 0 ? { ...rest, provision } : rest))
      .filter((provision) => !deniesNobody(provision)),
  )
}

/** Provisions up to three deep, with at most two criteria each. */
export const provisions: fc.Arbitrary<Json> = provisionsOf(3)
