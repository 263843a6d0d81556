/**
 * Requests that a patient's key signed (core's patient-request.ts says what is signed). The signature names this
 * member, the method, the path and the body, so it serves for nothing else; the time and the nonce let it serve once.
 *
 * Nonces are remembered in memory in two generations, each as long as a request can be valid: what is in neither is
 * too old to be accepted. After a restart, requests that name a time before it are refused instead, which misses only
 * those of a wallet whose clock is ahead. What the ledger does on a patient's behalf is signed once more, in a
 * transaction, and has its own protection against replay.
 */
import {
  equalBytes,
  type PublicKey,
  parsePatientRequest,
  patientRequestDigest,
  SalusError,
  sha256,
  toHex,
  verifySignature,
} from '@salus/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PATIENT_REQUEST_WINDOW_MS, PATIENT_REQUESTS_MAX } from '../limits.ts'

const NO_BODY = new Uint8Array(0)
/** A request is first seen at most one window early, and valid until one window after its time, ends included. */
const GENERATION_MS = 2 * PATIENT_REQUEST_WINDOW_MS + 1

export class PatientSignatures {
  readonly #audience: string
  readonly #now: () => number
  readonly #isEnrolled: (key: PublicKey) => boolean
  readonly #startedAtMs: number
  readonly #bodies = new WeakMap<FastifyRequest, Uint8Array>()
  #seen = new Set<string>()
  #seenBefore = new Set<string>()
  #generationStartedAtMs: number

  /**
   * `audience` is the id of the member whose node this is; `now` gives milliseconds since 1970. Keys that are not
   * enrolled are refused before anything is remembered of them: they could fill the memory of everybody's nonces.
   */
  constructor(audience: string, now: () => number, isEnrolled: (key: PublicKey) => boolean) {
    this.#audience = audience
    this.#isEnrolled = isEnrolled
    this.#now = now
    this.#startedAtMs = now()
    this.#generationStartedAtMs = this.#startedAtMs
  }

  /** Keeps the exact bytes of JSON bodies in `scope`, for signatures to be checked against. */
  keepBodies(scope: FastifyInstance): void {
    const parse = scope.getDefaultJsonParser('error', 'error')
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
      this.#bodies.set(request, body)
      parse(request, body.toString('utf8'), done)
    })
  }

  /**
   * The enrolled key that signed the request: which files it is enrolled for, is for the caller to look up.
   * @throws SalusError `patient-signature-missing`, `patient-signature-malformed`, `patient-signature-audience`,
   *   `patient-signature-path`, `patient-signature-body`, `patient-signature-time`, `patient-signature-unknown`, `patient-signature-invalid`,
   *   `patient-signature-replayed`, `too-many-requests`
   */
  authenticate(request: FastifyRequest): { readonly key: PublicKey } {
    const { authorization } = request.headers
    if (authorization === undefined) throw refused('patient-signature-missing', 'is missing')
    const { request: signed, signature } = parsePatientRequest(authorization)
    if (signed.audience !== this.#audience) throw refused('patient-signature-audience', 'is for another member')
    if (signed.method !== request.method || signed.path !== request.raw.url) {
      throw refused('patient-signature-path', 'is for another method or path')
    }
    if (!equalBytes(signed.bodyHash, sha256(this.#bodyOf(request)))) {
      throw refused('patient-signature-body', 'is for another body')
    }
    const nowMs = this.#now()
    const isTimely = Math.abs(nowMs - signed.timeMs) <= PATIENT_REQUEST_WINDOW_MS
    if (!isTimely || signed.timeMs < this.#startedAtMs) {
      throw refused('patient-signature-time', 'names a time too far from that of the node', { nowMs })
    }
    if (!this.#isEnrolled(signed.key))
      throw refused('patient-signature-unknown', 'is by a key that is not enrolled here')
    if (!verifySignature(signed.key, patientRequestDigest(signed), signature)) {
      throw refused('patient-signature-invalid', 'does not hold')
    }
    this.#useUp(`${toHex(signed.key.bytes)}.${toHex(signed.nonce)}`, nowMs)
    return { key: signed.key }
  }

  #bodyOf(request: FastifyRequest): Uint8Array {
    const kept = this.#bodies.get(request)
    if (kept) return kept
    if (request.body === undefined || request.body === null) return NO_BODY
    throw refused('patient-signature-body', 'cannot be checked against a body of this type')
  }

  #useUp(nonce: string, nowMs: number): void {
    if (nowMs - this.#generationStartedAtMs >= GENERATION_MS) {
      this.#seenBefore = this.#seen
      this.#seen = new Set()
      this.#generationStartedAtMs = nowMs
    }
    if (this.#seen.has(nonce) || this.#seenBefore.has(nonce))
      throw refused('patient-signature-replayed', 'was used before')
    if (this.#seen.size >= PATIENT_REQUESTS_MAX) {
      throw new SalusError('too-many-requests', 'too many requests of patients', { PATIENT_REQUESTS_MAX })
    }
    this.#seen.add(nonce)
  }
}

function refused(code: string, why: string, details: Readonly<Record<string, unknown>> = {}): SalusError {
  return new SalusError(code, `the patient's signature of this request ${why}`, details)
}
