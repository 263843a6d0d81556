/** A patient's wallet in this process, for what the command line does not let a wallet do. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Consent } from '@medplum/fhirtypes'
import { readGenesis } from '@salus/core'
import {
  consentDocument,
  openWallet,
  PatientClient,
  type PreparedConsent,
  prepareConsent,
  prepareRevocation,
  saveWallet,
  type Wallet,
} from '@salus/sdk'
import type { Demo } from './demo.ts'

export class Session {
  readonly #demo: Demo
  readonly #index: number
  readonly client: PatientClient
  readonly fileId: string
  /** Each consent takes keys of its own, so the wallet moves on with every one that is prepared. */
  wallet: Wallet

  private constructor(demo: Demo, index: number, wallet: Wallet) {
    this.#index = index
    const { id, url } = demo.member('riverside')
    this.#demo = demo
    this.wallet = wallet
    this.fileId = wallet.enrolment(id).fileId
    this.client = new PatientClient({ memberId: id, url }, wallet.identity(id))
  }

  /** Opens the wallet of a demo patient; a wallet is opened once, or two sessions would use the same keys. */
  static async open(demo: Demo, index: number): Promise<Session> {
    const { wallet: path, passphrase } = demo.patient(index)
    return new Session(demo, index, await openWallet(readFileSync(join(demo.folder, path), 'utf8'), passphrase))
  }

  /** A permit for Lakeside to treat, of these types, that is signed and not handed over. */
  prepare(types: readonly string[]): Promise<PreparedConsent> {
    const { id, organization: custodian } = this.#demo.member('riverside')
    return this.#sign(
      consentDocument({
        patient: this.wallet.enrolment(id).patient as string,
        custodian,
        recipient: this.#demo.member('lakeside').organization,
        types,
        purposes: ['TREAT'],
        withoutLabels: [],
        startMs: Date.now() - 60_000,
        endMs: null,
      }),
    )
  }

  /** Grants such a permit; resolves to the consent's id. */
  async grant(types: readonly string[]): Promise<string> {
    return this.#handOver(await this.prepare(types))
  }

  /** Grants a consent as written. */
  async grantWritten(document: Consent): Promise<string> {
    return this.#handOver(await this.#sign(document))
  }

  /** Writes the wallet back to its file, for the command line to go on with. */
  async save(): Promise<void> {
    const { wallet: path, passphrase } = this.#demo.patient(this.#index)
    writeFileSync(join(this.#demo.folder, path), await saveWallet(this.wallet, passphrase))
  }

  async revoke(consentId: string): Promise<void> {
    await this.client.submit(await this.revocation(consentId))
  }

  revocation(consentId: string): Promise<Uint8Array> {
    return prepareRevocation(this.wallet, consentId, readGenesis(this.#demo.genesis), Date.now())
  }

  async #sign(document: Consent): Promise<PreparedConsent> {
    const { id } = this.#demo.member('riverside')
    const prepared = await prepareConsent(this.wallet, id, document, readGenesis(this.#demo.genesis), Date.now())
    this.wallet = prepared.wallet
    return prepared
  }

  async #handOver({ consent }: PreparedConsent): Promise<string> {
    await this.client.grant(this.fileId, consent)
    return consent.consentId
  }
}
