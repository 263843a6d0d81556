/**
 * Binary in its native form (FHIR R4, "Serving Binary Resources", http://hl7.org/fhir/R4/binary.html#rest): what is
 * sent with a content type that is not FHIR's becomes a Binary, and who asks for anything but FHIR gets its content.
 * `Binary.securityContext` travels as `X-Security-Context`; the Binary belongs to the record of what it names.
 */
import { SalusError } from '@salus/core'
import { RESOURCE_BYTES_MAX } from '../../limits.ts'
import { isResourceType } from '../../vault/definitions/definitions.ts'

export interface NativeContent {
  readonly contentType: string
  readonly bytes: Buffer
  readonly securityContext: string | undefined
}

/** RFC 9110 section 8.3: a media type with its parameters, in printable ASCII. */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?:\s*;[\x20-\x7e]{0,256})?$/

const REFERENCE = /^([A-Za-z]{1,64})\/[A-Za-z0-9.-]{1,64}$/

/**
 * The Binary of a request that brings its content as it is; an update names its id.
 * @throws SalusError `media-type-not-supported`, `body-too-large`, `header-malformed`
 */
export function binaryOf(
  body: Buffer,
  contentType: string,
  securityContext: string | undefined,
  id: string,
  fhirBase: string,
): Readonly<Record<string, unknown>> {
  if (!MEDIA_TYPE.test(contentType)) throw new SalusError('media-type-not-supported', 'the content needs a media type')
  if (/^application\/fhir\+/i.test(contentType)) {
    throw new SalusError('media-type-not-supported', 'FHIR is taken as application/fhir+json')
  }
  const data = body.toString('base64')
  if (data.length > RESOURCE_BYTES_MAX) throw new SalusError('body-too-large', 'the content is too large')
  return {
    resourceType: 'Binary',
    ...(id === '' ? {} : { id }),
    contentType,
    ...(securityContext === undefined ? {} : { securityContext: contextOf(securityContext, fhirBase) }),
    data,
  }
}

/** A context elsewhere could not be kept to, so it is refused. */
function contextOf(header: string, fhirBase: string): { readonly reference: string } {
  const text = header.trim()
  const reference = text.startsWith(`${fhirBase}/`) ? text.slice(fhirBase.length + 1) : text
  const type = REFERENCE.exec(reference)?.[1]
  if (type !== undefined && isResourceType(type)) return { reference }
  throw new SalusError('header-malformed', 'X-Security-Context is a reference to a resource of this server')
}

/** The content of a Binary, given as JSON text; what has no usable media type is bytes. */
export function contentOf(text: string): NativeContent {
  const {
    contentType,
    data = '',
    securityContext,
  } = JSON.parse(text) as {
    readonly contentType?: string
    readonly data?: string
    readonly securityContext?: { readonly reference?: string }
  }
  const context = securityContext?.reference
  return {
    contentType: MEDIA_TYPE.test(contentType ?? '') ? (contentType as string) : 'application/octet-stream',
    bytes: Buffer.from(data, 'base64'),
    securityContext: context !== undefined && /^[\x21-\x7e]{1,512}$/.test(context) ? context : undefined,
  }
}
