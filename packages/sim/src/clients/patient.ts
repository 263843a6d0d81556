/** A patient with a real wallet: grants, revokes, and checks the disclosure log against every node's ledger. */
import { fromHex, isSalusError, toBase64url } from '@salus/core'
import {
  type CheckedLog,
  consentDocument,
  createWallet,
  PatientClient,
  prepareConsent,
  prepareRevocation,
  readLog,
  type SignedConsent,
  type Wallet,
} from '@salus/sdk'
import type { ModelConsent } from '../model/consent-model.ts'
import { Violation } from '../model/violation.ts'
import type { Desk } from './desk.ts'
import { note, type World } from './world.ts'

/** Live consents at one time; beyond that the patient revokes. */
const CONSENTS_MAX = 3

export class Patient {
  readonly name: string
  readonly #world: World
  readonly #desk: Desk
  #wallet: Wallet
  #fileId = ''
  /** Granted, but not answered: to be sent again. */
  readonly #unanswered: { readonly consent: SignedConsent; readonly model: ModelConsent }[] = []

  constructor(world: World, desk: Desk) {
    this.#world = world
    this.#desk = desk
    this.#wallet = createWallet()
    this.name = `wallet of ${desk.patient}`
  }

  get fileId(): string {
    return this.#fileId
  }

  /** Enrols the wallet's key at the custodian; true once that is done. */
  async enrol(): Promise<boolean> {
    const { member, patient } = this.#desk
    const { scheme, bytes } = this.#wallet.identity(member.id).publicKey
    const body = { patient: `Patient/${patient}`, key: { scheme, bytes: toBase64url(bytes) } }
    const headers = { ...this.#desk.headers(), 'content-type': 'application/json' }
    const response = await fetch(`${member.url}/admin/enrolments`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    }).catch(() => null)
    if (response?.status !== 200) return false
    const { fileId } = (await response.json()) as { fileId: string }
    this.#fileId = fileId
    const enrolment = {
      custodian: member.id,
      url: member.url,
      fhir: `${member.url}/fhir`,
      patient: `Patient/${patient}`,
      fileId,
    }
    this.#wallet = this.#wallet.withEnrolment(enrolment)
    return true
  }

  /** Does one thing. */
  async act(): Promise<void> {
    const { random, consents } = this.#world
    const roll = random.next()
    const live = consents.live(this.#desk.patient)
    if (roll < 0.15) await this.checkLog()
    else if (this.#unanswered.length > 0 && roll < 0.4) await this.#hand(this.#unanswered.shift()!)
    else if (live.length > 0 && (roll < 0.65 || live.length >= CONSENTS_MAX)) await this.#revoke(random.pick(live))
    else await this.#grant()
  }

  /** Reads the log and holds it against what must be in it; undefined when somebody did not answer. */
  async checkLog(): Promise<CheckedLog | undefined> {
    const { scheduler, members, genesisText, disclosures } = this.#world
    const sinceUs = scheduler.nowUs
    try {
      const urls = members.map(({ url }) => url)
      const log = await readLog(this.#client(), fromHex(this.#fileId), this.#fileId, genesisText, urls)
      note(this.#world, this.name, 'log', log.complete ? 'complete' : log.problems.join('+'))
      if (log.omission !== null) throw new Violation('log-incomplete', `${this.name} can prove an omission`)
      const entries = log.entries.map(({ entry }) => ({
        practitioner: entry.practitioner,
        emergency: entry.emergency !== null,
      }))
      disclosures.check(this.#desk.patient, entries, sinceUs)
      return log
    } catch (error) {
      if (!isSalusError(error)) throw error
      note(this.#world, this.name, 'log', error.code)
      return undefined
    }
  }

  async #grant(): Promise<void> {
    const { random, members, genesis, consents, scheduler } = this.#world
    const { member, patient } = this.#desk
    const recipient = random.pick(members.filter(({ id }) => id !== member.id))
    const document = consentDocument({
      patient: `Patient/${patient}`,
      custodian: `Organization/${member.id}`,
      recipient: `Organization/${recipient.id}`,
      types: [],
      purposes: ['TREAT'],
      withoutLabels: [],
      // A day ago: clocks of custodians may be behind.
      startMs: Date.now() - 24 * 60 * 60 * 1000,
      endMs: null,
    })
    const prepared = await prepareConsent(this.#wallet, member.id, document, genesis, Date.now())
    this.#wallet = prepared.wallet
    const { consentId } = prepared.consent
    const model = consents.sent(consentId, patient, recipient.id, scheduler.nowUs)
    await this.#hand({ consent: prepared.consent, model })
  }

  async #hand(granted: { readonly consent: SignedConsent; readonly model: ModelConsent }): Promise<void> {
    try {
      await this.#client().grant(this.#fileId, granted.consent)
      granted.model.isGranted = true
      note(this.#world, this.name, 'grant', 'done')
    } catch (error) {
      if (!isSalusError(error)) throw error
      note(this.#world, this.name, 'grant', error.code)
      if (!ENDED.includes(error.code)) this.#unanswered.push(granted)
    }
  }

  async #revoke(consent: ModelConsent): Promise<void> {
    consent.isRevoking = true
    const transaction = await prepareRevocation(this.#wallet, consent.id, this.#world.genesis, Date.now())
    try {
      await this.#client().submit(transaction)
      consent.revokedUs = this.#world.scheduler.nowUs
      note(this.#world, this.name, 'revoke', 'done')
    } catch (error) {
      if (!isSalusError(error)) throw error
      note(this.#world, this.name, 'revoke', error.code)
    }
  }

  #client(): PatientClient {
    const { member } = this.#desk
    return new PatientClient({ memberId: member.id, url: member.url }, this.#wallet.identity(member.id))
  }
}

/** Refusals after which a grant is not worth another try. */
const ENDED: readonly string[] = ['expired', 'consent-unknown', 'consent-ended']
