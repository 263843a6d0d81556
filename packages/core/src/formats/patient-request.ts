/**
 * How a patient's key signs an HTTP request (docs/spec/patient-request.md):
 * `Authorization: Salus-Patient <struct>.<signature>`, both in unpadded base64url. The signature covers the domain hash
 * of the struct, so neither another member, nor another path, nor another body can be served by it.
 */
import { fromBase64url, toBase64url } from '../bytes.ts'
import { SalusError } from '../errors.ts'
import { DOMAIN, domainHash, HASH_BYTES, randomBytes, sha256 } from '../hash.ts'
import { PublicKey, SIGNATURE_BYTES_MAX, type Signer } from '../keys.ts'
import { bytes, decode, encode, type Infer, struct, text, uint } from '../schema.ts'
import { MemberId } from './disclosure-entry.ts'

export const PATIENT_REQUEST_SCHEME = 'Salus-Patient'
/** Longest path with query, in UTF-16 units. */
export const PATIENT_REQUEST_PATH_MAX = 2048
const STRUCT_BYTES_MAX = 3 * 1024

/**
 * `audience` is the member whose node is asked; `path` includes the query, as sent; `bodyHash` is SHA-256 of the body,
 * of no bytes when there is none; `timeMs` is the patient's clock.
 */
export const PatientRequest = struct({
  key: PublicKey,
  audience: MemberId,
  method: text(8, /^[A-Z]+$/),
  path: text(PATIENT_REQUEST_PATH_MAX, /^\/[\x21-\x7e]*$/),
  bodyHash: bytes(HASH_BYTES),
  timeMs: uint(),
  nonce: bytes(16),
})
export type PatientRequest = Infer<typeof PatientRequest>

/** What a patient asks of a member, before it is signed. */
export interface UnsignedPatientRequest extends Pick<PatientRequest, 'audience' | 'method' | 'path' | 'timeMs'> {
  readonly body: Uint8Array
}

/** A request with the signature that came with it, which is not checked yet. */
export interface SignedPatientRequest {
  readonly request: PatientRequest
  readonly signature: Uint8Array
}

/** What the patient's key signs: 32 bytes. */
export function patientRequestDigest(request: PatientRequest): Uint8Array {
  return domainHash(DOMAIN.patientRequest, encode(PatientRequest, request))
}

/** The value of the `Authorization` header for the request, signed by the patient's key. */
export async function signPatientRequest(signer: Signer, unsigned: UnsignedPatientRequest): Promise<string> {
  const { body, ...asked } = unsigned
  const request = { ...asked, key: signer.publicKey, bodyHash: sha256(body), nonce: randomBytes(16) }
  const signature = await signer.sign(patientRequestDigest(request))
  return `${PATIENT_REQUEST_SCHEME} ${toBase64url(encode(PatientRequest, request))}.${toBase64url(signature)}`
}

/**
 * Reads the value of an `Authorization` header.
 * @throws SalusError `patient-signature-malformed`
 */
export function parsePatientRequest(authorization: string): SignedPatientRequest {
  const [scheme, value, ...more] = authorization.split(' ')
  const [content, signature, ...rest] = (value ?? '').split('.')
  if (scheme !== PATIENT_REQUEST_SCHEME || more.length > 0 || !content || !signature || rest.length > 0) {
    throw new SalusError('patient-signature-malformed', 'the authorization is not a signed request of a patient')
  }
  try {
    return {
      request: decode(PatientRequest, boundedBytes(content, STRUCT_BYTES_MAX)),
      signature: boundedBytes(signature, SIGNATURE_BYTES_MAX),
    }
  } catch (cause) {
    throw new SalusError('patient-signature-malformed', 'the signed request of a patient is malformed', {}, cause)
  }
}

function boundedBytes(encoded: string, bytesMax: number): Uint8Array {
  if (encoded.length > Math.ceil((bytesMax * 4) / 3)) throw new SalusError('base64-malformed', 'the bytes are too many')
  return fromBase64url(encoded)
}
