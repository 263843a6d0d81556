/**
 * How long one consent decision takes at a custodian that holds 1,000 consents, 20 of them the patient's, of the kinds
 * that IHE PCF names. Prints a JSON line for each case; times are in microseconds.
 *
 *   steady      the ledger's head stays
 *   new-block   the head has moved since the last decision about the patient
 *   changed     as new-block, and the block was about consents, so the patient's are read from the ledger again
 *
 * Run: node bench/consent.ts
 */

import { ledgerDecider } from '../packages/node/src/consent/decider.ts'
import {
  type Custodian,
  enrol,
  grantOnLedger,
  openCustodian,
  openFileOnLedger,
  signConsent,
} from '../packages/node/test/consent-custodian.ts'
import { actor, confidentiality, type Json, request, sensitivity, TPO, type } from '../packages/node/test/consents.ts'

const PATIENTS = 50
const CONSENTS_EACH = 20
const DECISIONS = 20_000

function provisions(recipient: string): readonly Json[] {
  const to = { actor: [actor(`Organization/${recipient}`)], purpose: TPO }
  const bob = [{ meaning: 'authoredby', reference: { reference: 'Practitioner/bob' } }]
  const encounter = [{ meaning: 'related', reference: { reference: 'Encounter/e' } }]
  const restricted = { type: 'permit', actor: [actor('Practitioner/alice')], securityLabel: [confidentiality('R')] }
  return [
    { type: 'permit', ...to, class: [type('Observation'), type('Condition')] },
    { type: 'permit', ...to, provision: [{ type: 'deny', data: bob }] },
    { type: 'permit', ...to, data: encounter },
    { type: 'permit', ...to, dataPeriod: { start: '2022', end: '2023' } },
    { type: 'permit', ...to, securityLabel: [confidentiality('N')], provision: [restricted] },
    { type: 'permit', purpose: TPO, period: { end: '2020' } },
    { type: 'permit', actor: [actor(`Organization/${'f'.repeat(32)}`)] },
    { type: 'deny', securityLabel: [sensitivity('PSY')] },
  ]
}

async function fill(custodian: Custodian): Promise<ReturnType<typeof ledgerDecider>> {
  const documents = await custodian.load()
  const kinds = provisions(custodian.recipient)
  for (let i = 0; i < PATIENTS; i++) {
    const patient = await enrol(custodian, `p${i}`)
    const consents = Array.from({ length: CONSENTS_EACH }, (_, k) =>
      signConsent(kinds[k % kinds.length] as Json, patient),
    )
    await Promise.all(
      consents.map(async (signing) => {
        const signed = await signing
        await grantOnLedger(custodian.ledger, signed)
        await documents.accept(signed)
      }),
    )
  }
  return ledgerDecider(custodian.ledger, documents.index)
}

async function measure(name: string, custodian: Custodian, move: (() => Promise<void>) | null): Promise<void> {
  const decider = DECIDER
  const asked = request({ requester: custodian.recipient, custodian: custodian.id, timeMs: Date.now() })
  const times = new Float64Array(move ? 1000 : DECISIONS)
  for (let i = 0; i < times.length; i++) {
    await move?.()
    const patients = [`p${i % PATIENTS}`]
    const startNs = process.hrtime.bigint()
    const { decision } = decider.decide(asked, patients)
    times[i] = Number(process.hrtime.bigint() - startNs) / 1000
    if (decision !== 'permit') throw new Error('the decision should have been a permit')
  }
  times.sort()
  const at = (share: number): number => Number((times[Math.floor(times.length * share)] as number).toFixed(1))
  const figures = { consents: PATIENTS * CONSENTS_EACH, ofPatient: CONSENTS_EACH, medianUs: at(0.5), p99Us: at(0.99) }
  process.stdout.write(`${JSON.stringify({ bench: 'consent', case: name, ...figures })}\n`)
}

const CUSTODIAN = await openCustodian()
const DECIDER = await fill(CUSTODIAN)
const SPARE = await enrol(CUSTODIAN, 'spare')
for (const name of ['warm-up', 'steady']) await measure(name, CUSTODIAN, null)
await measure('new-block', CUSTODIAN, () => openFileOnLedger(CUSTODIAN))
await measure('changed', CUSTODIAN, async () =>
  grantOnLedger(CUSTODIAN.ledger, await signConsent({ type: 'permit' }, SPARE)),
)
await CUSTODIAN.close()
