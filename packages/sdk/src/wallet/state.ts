/** What a wallet remembers besides its secret: where the patient is enrolled, and which consents were given. */
import { z } from 'zod'

/** Most enrolments and consents that one wallet keeps. */
export const ENROLMENTS_MAX = 1000
export const CONSENTS_MAX = 10_000
/** Longest consent document, in UTF-16 units. */
export const DOCUMENT_LENGTH_MAX = 256 * 1024

const Id = z.string().regex(/^[0-9a-f]{32}$/)
const Index = z.int().min(0)

/**
 * The patient at one custodian: the member's URL, its FHIR base, the patient's reference there, null once it is erased,
 * and the file, whose log outlives the erasure.
 */
export const Enrolment = z.strictObject({
  custodian: Id,
  url: z.url().max(256),
  fhir: z.url().max(256),
  patient: z.string().max(128).nullable(),
  fileId: Id,
})
export type Enrolment = Readonly<z.infer<typeof Enrolment>>

/**
 * One consent that the patient signed: the derivation index of its controller key and id, and the exact text of the
 * FHIR Consent with the salt of its commitment.
 */
export const WalletConsent = z.strictObject({
  id: Id,
  index: Index,
  custodian: Id,
  document: z.string().max(DOCUMENT_LENGTH_MAX),
  salt: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  status: z.enum(['active', 'revoked', 'replaced']),
})
export type WalletConsent = Readonly<z.infer<typeof WalletConsent>>

/** `nextIndex` is the first derivation index that no consent has used. */
export const WalletState = z.strictObject({
  nextIndex: Index,
  enrolments: z.array(Enrolment).max(ENROLMENTS_MAX),
  consents: z.array(WalletConsent).max(CONSENTS_MAX),
})
export interface WalletState {
  readonly nextIndex: number
  readonly enrolments: readonly Enrolment[]
  readonly consents: readonly WalletConsent[]
}

export const EMPTY_STATE: WalletState = { nextIndex: 0, enrolments: [], consents: [] }
