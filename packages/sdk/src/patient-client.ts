/** A patient's side of `/patient` at one custodian. Each request is signed by the identity key enrolled there. */
import {
  fromBase64url,
  fromHex,
  type PublicKey,
  SalusError,
  type Signer,
  signPatientRequest,
  toBase64url,
  utf8,
} from '@salus/core'
import { z } from 'zod'
import { parseAnswer } from './answer.ts'
import { sendForJson, sendForText } from './http.ts'
import type { ShownLog } from './log/check.ts'

/** A custodian as its patients know it: the member's id and the URL of its node, without a slash at its end. */
export interface Custodian {
  readonly memberId: string
  readonly url: string
}

const Files = z.object({
  files: z.array(z.object({ fileId: z.string(), patient: z.string().nullable(), erased: z.boolean() })),
})
const Done = z.object({ status: z.literal('committed'), height: z.number() })
const Consents = z.object({
  consents: z.array(
    z.object({
      consentId: z.string(),
      document: z.string(),
      salt: z.string(),
      controller: z.object({ scheme: z.enum(['ed25519', 'webauthn-es256']), bytes: z.string() }),
    }),
  ),
})
const Log = z.object({
  entries: z.array(z.string()),
  batches: z.array(z.object({ count: z.number().int().min(0), root: z.string() })),
  statement: z.string(),
  signature: z.string(),
})

/** A consent as it is handed to a custodian; ids in hexadecimal. */
export interface SignedConsent {
  readonly consentId: string
  readonly document: string
  readonly salt: Uint8Array
  readonly controller: PublicKey
  /** The identity key's signature that this controller key speaks for the patient. */
  readonly binding: Uint8Array
  /** The signed `consent/grant` transaction. */
  readonly transaction: Uint8Array
}

/** A consent document that a custodian holds. */
export interface HeldConsent {
  readonly consentId: string
  readonly document: string
  readonly salt: Uint8Array
  readonly controller: PublicKey
}

export class PatientClient {
  readonly custodian: Custodian
  readonly #identity: Signer

  constructor(custodian: Custodian, identity: Signer) {
    this.custodian = custodian
    this.#identity = identity
  }

  /** The files for which the identity key is enrolled. */
  async files(): Promise<z.infer<typeof Files>['files']> {
    return parseAnswer(Files, await this.#json('GET', '/patient/files')).files
  }

  /** Hands over a consent; resolves once the ledger has committed it. */
  async grant(fileId: string, consent: SignedConsent): Promise<void> {
    const body = {
      consentId: consent.consentId,
      document: consent.document,
      salt: toBase64url(consent.salt),
      controller: { scheme: consent.controller.scheme, bytes: toBase64url(consent.controller.bytes) },
      binding: toBase64url(consent.binding),
      transaction: toBase64url(consent.transaction),
    }
    parseAnswer(Done, await this.#json('POST', `/patient/files/${fileId}/consents`, body))
  }

  /** The consent documents that the custodian holds for a file. */
  async consents(fileId: string): Promise<readonly HeldConsent[]> {
    const answer = parseAnswer(Consents, await this.#json('GET', `/patient/files/${fileId}/consents`))
    return answer.consents.map(({ consentId, document, salt, controller }) => ({
      consentId,
      document,
      salt: fromBase64url(salt),
      controller: { scheme: controller.scheme, bytes: fromBase64url(controller.bytes) },
    }))
  }

  /** Brings a consent transaction to the ledger; resolves once it is committed. */
  async submit(transaction: Uint8Array): Promise<void> {
    const body = { transaction: toBase64url(transaction) }
    parseAnswer(Done, await this.#json('POST', '/patient/transactions', body))
  }

  /** The whole disclosure log of a file, with the statement that came with its last page. */
  async log(fileId: string): Promise<ShownLog> {
    const entries: Uint8Array[] = []
    for (;;) {
      const path = `/patient/files/${fileId}/log?after=${entries.length}`
      const page = parseAnswer(Log, await this.#json('GET', path))
      entries.push(...page.entries.map(fromBase64url))
      if (entries.length > ENTRIES_MAX) throw new SalusError('answer-too-large', 'the log has too many entries')
      if (page.entries.length >= PAGE) continue
      return {
        entries,
        batches: page.batches.map(({ count, root }) => ({ count, root: fromHex(root) })),
        statement: fromBase64url(page.statement),
        signature: fromHex(page.signature),
      }
    }
  }

  /** The proof file of one disclosure. @throws SalusError `not-committed-yet`, `disclosure-unknown` */
  async proof(fileId: string, sequence: number): Promise<string> {
    const path = `/patient/files/${fileId}/log/${sequence}/proof`
    return sendForText(this.custodian.url + path, { headers: await this.#sign('GET', path, '') })
  }

  /** Asks any of `/patient`'s doors, such as `/patient/fhir/…`; `path` includes the query. The answer is not checked yet. */
  read(path: string): Promise<unknown> {
    return this.#json('GET', path)
  }

  /** Sends to any of `/patient`'s doors; as {@link read}. */
  send(path: string, body: unknown): Promise<unknown> {
    return this.#json('POST', path, body)
  }

  /** The headers of a signed GET, for answers that are read while they come. */
  signedHeaders(path: string): Promise<Record<string, string>> {
    return this.#sign('GET', path, '')
  }

  async #json(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = await this.#sign(method, path, text)
    return sendForJson(this.custodian.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: text }),
    })
  }

  async #sign(method: string, path: string, body: string): Promise<Record<string, string>> {
    const { memberId } = this.custodian
    const authorization = await signPatientRequest(this.#identity, {
      audience: memberId,
      method,
      path,
      timeMs: Date.now(),
      body: utf8(body),
    })
    return { authorization }
  }
}

/** Most entries of a log that are read: a hostile node could go on forever. */
const ENTRIES_MAX = 1_000_000

/** Pages of a log hold this many entries at most; a full page may have another after it. */
const PAGE = 1000
