/**
 * The engine against an interpreter that asks, resource by resource, what the provisions as written say of it. The
 * interpreter shares no code with the engine but the parser.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { provisions, requests, resources } from '../../test/consent-arbitraries.ts'
import { CUSTODIAN, compiled, consent, covers, type Json } from '../../test/consents.ts'
import { PURPOSE_PARENTS, SENSITIVITY_PARENTS } from './codes.ts'
import { decideFile } from './decide.ts'
import type { FileDecision } from './decision.ts'
import type { Code, ResourceFacts } from './filter.ts'
import { type Actor, type OpenSpan, type Provision, parsePolicy } from './policy.ts'
import type { AccessRequest } from './request.ts'

const LEDGER = { memberActive: true, lagMs: 0 }

type Answer = 'permit' | 'deny' | 'silent'

/** A provision with those around it, innermost first. */
type Chain = readonly [Provision, ...Provision[]]

function ask(chain: Chain, request: AccessRequest, resource: ResourceFacts): Answer {
  const [provision, ...around] = chain
  const within = provision.exceptions.map((exception) => ask([exception, provision, ...around], request, resource))
  if (within.includes('deny')) return 'deny'
  if (within.includes('permit')) return 'permit'
  return provision.type !== null && applies(chain, request, resource) ? provision.type : 'silent'
}

function applies(chain: Chain, request: AccessRequest, resource: ResourceFacts): boolean {
  const stated = <T>(
    of: (provision: Provision) => readonly T[],
  ): { values: readonly T[]; by: Provision } | undefined => {
    const by = chain.find((provision) => of(provision).length > 0)
    return by && { values: of(by), by }
  }
  const purposes = stated(({ purposes }) => purposes)
  const emergency = request.purpose.code === 'BTG'
  if (emergency && !purposes?.values.some(({ code }) => code === 'BTG' || code === 'ETREAT')) return false
  if (!emergency && purposes && !purposes.values.some(({ code }) => isA(PURPOSE_PARENTS, request.purpose.code, code))) {
    return false
  }
  const dataPeriod = chain.find((provision) => provision.dataPeriod !== null)?.dataPeriod
  const labels = stated((provision) => provision.labels)
  const classes = stated((provision) => provision.classes)
  const codes = stated((provision) => provision.codes)
  const data = stated((provision) => provision.data)
  return (
    chain.every(
      ({ period }) => period === null || overlaps(period, { startMs: request.timeMs, endMs: request.timeMs }),
    ) &&
    chain.every(({ actors }) => actors.length === 0 || actors.some((actor) => isActor(actor, request))) &&
    (!dataPeriod || (resource.clinical !== null && overlaps(dataPeriod, resource.clinical))) &&
    (!labels || labels.values.some((label) => isLabelled(label, resource, labels))) &&
    (!classes || classes.values.some((content) => content.kind === 'type' && content.type === resource.type)) &&
    (!codes || codes.values.some(({ code }) => resource.codes.some((other) => other.code === code))) &&
    (!data || data.values.some((datum) => isData(datum, resource)))
  )
}

function isActor(actor: Actor, request: AccessRequest): boolean {
  if (actor.kind === 'member') return actor.member === request.requester
  return actor.kind === 'practitioner' && actor.reference === request.practitioner
}

function overlaps(period: OpenSpan, span: { startMs: number; endMs: number }): boolean {
  return span.endMs >= (period.startMs ?? -Infinity) && span.startMs <= (period.endMs ?? Infinity)
}

function isData({ meaning, reference }: Provision['data'][number], resource: ResourceFacts): boolean {
  if (meaning === 'authoredby') return resource.authors.includes(reference)
  const isSelf = `${resource.type}/${resource.id}` === reference
  return isSelf || (meaning === 'related' && resource.references.includes(reference))
}

const LEVELS = 'ULMNRV'

/** High-water mark for confidentiality codes, subsumption for the others. */
function isLabelled(
  wanted: Code,
  { labels }: ResourceFacts,
  { values, by }: { values: readonly Code[]; by: Provision },
) {
  if (!wanted.system?.endsWith('v3-Confidentiality')) {
    return labels.some(({ code }) => isA({ ...SENSITIVITY_PARENTS, OPIOIDUD: 'ETH' }, code, wanted.code))
  }
  const levels = labels.flatMap(({ code }) => (code.length === 1 ? [LEVELS.indexOf(code)] : []))
  const sensitive = labels.some(({ code }) => code.length > 1) ? [LEVELS.indexOf('R')] : []
  const held = [...(levels.length > 0 ? levels : [LEVELS.indexOf('N')]), ...sensitive]
  const marks = values.flatMap(({ code }) => (code.length === 1 ? [LEVELS.indexOf(code)] : []))
  if (by.type === 'deny') return Math.max(...held) >= Math.min(...marks)
  return Math.max(...held) <= Math.max(...marks)
}

function isA(parents: Readonly<Record<string, string>>, code: string, wanted: string): boolean {
  const parent = parents[code]
  return code === wanted || (parent !== undefined && isA(parents, parent, wanted))
}

function parsed(provision: Json): Provision {
  return parsePolicy(JSON.stringify(consent(provision))).provision
}

function decided(consents: readonly Json[], request: AccessRequest): FileDecision {
  const live = consents.map((provision, i) => ({ id: `0${i}`, policy: compiled(provision) }))
  return decideFile(request, live, LEDGER)
}

function isReleased(decision: FileDecision, resource: ResourceFacts): boolean {
  return decision.decision === 'permit' && covers(decision.filter, resource)
}

test('the engine releases a resource exactly when the provisions as written do', () => {
  let released = 0
  fc.assert(
    fc.property(fc.array(provisions, { maxLength: 3 }), requests, resources, (consents, request, resource) => {
      const answers = consents.map((provision) => ask([parsed(provision)], request, resource))
      const byDefault = request.requester === CUSTODIAN || request.emergency !== null
      const expected = !answers.includes('deny') && (byDefault || answers.includes('permit'))
      if (expected && !byDefault) released++
      assert.equal(isReleased(decided(consents, request), resource), expected)
    }),
    { numRuns: 3000 },
  )
  assert.ok(released > 50, `the vocabulary is too wide: ${released} releases by consent`)
})

test('one more denial never widens, one more permit never narrows', () => {
  const flat = provisions.map(({ provision, ...rest }): Json => rest)
  fc.assert(
    fc.property(
      fc.array(provisions, { maxLength: 3 }),
      flat,
      requests,
      resources,
      (consents, more, request, resource) => {
        const before = isReleased(decided(consents, request), resource)
        const after = isReleased(decided([...consents, more], request), resource)
        assert.ok(more.type === 'deny' ? before || !after : !before || after)
      },
    ),
    { numRuns: 1000 },
  )
})

test('without a consent no other member gets anything', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const decision = decided([], request)
      const expected = request.requester === CUSTODIAN || request.emergency !== null ? 'permit' : 'deny'
      assert.equal(decision.decision, expected)
    }),
  )
})
