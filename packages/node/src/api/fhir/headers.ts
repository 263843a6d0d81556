/** Request headers of the FHIR R4 RESTful API (sections 3.1.0.1.8 to 3.1.0.1.12), parsed. */
import { SalusError } from '@salus/core'

/** The version id of an entity tag `W/"3"` (FHIR) or `"3"` (as some clients send). @throws SalusError `header-malformed` */
export function parseEtag(header: string): string {
  const match = /^(?:W\/)?"([A-Za-z0-9.-]{1,64})"$/.exec(header.trim())
  if (!match) throw new SalusError('header-malformed', 'an entity tag is W/"version"')
  return match[1] as string
}

export function etag(version: string): string {
  return `W/"${version}"`
}

/** Whether the client already has this version, so that 304 answers (RFC 9110 section 13.2.2: the tag has precedence). */
export function isNotModified(
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  current: { readonly version: string; readonly lastUpdatedMs: number },
): boolean {
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(',').map((tag) => tag.trim())
    return tags.includes('*') || tags.some((tag) => tag.replace(/^W\//, '') === `"${current.version}"`)
  }
  if (ifModifiedSince === undefined) return false
  const sinceMs = Date.parse(ifModifiedSince)
  // `Last-Modified` is cut to the second, and so is what it is compared with; who needs more sends the tag.
  return Number.isFinite(sinceMs) && Math.floor(current.lastUpdatedMs / 1000) * 1000 <= sinceMs
}

export interface Preferences {
  /** Undefined when the client does not say. */
  readonly return: 'minimal' | 'representation' | 'OperationOutcome' | undefined
  readonly handling: 'strict' | 'lenient'
}

/** `Prefer` (RFC 7240); what is not understood is passed over, as that standard says. */
export function parsePrefer(header: string | undefined): Preferences {
  const wanted = /(?:^|[,;\s])return="?(minimal|representation|OperationOutcome)"?(?=$|[,;\s])/.exec(header ?? '')
  const strict = /(?:^|[,;\s])handling="?strict"?(?=$|[,;\s])/.test(header ?? '')
  return {
    return: wanted?.[1] as Preferences['return'],
    handling: strict ? 'strict' : 'lenient',
  }
}

const JSON_FORMATS: ReadonlySet<string> = new Set([
  'json',
  'application/json',
  'application/fhir+json',
  'text/json',
  'application/fhir json',
])
const ACCEPTED: ReadonlySet<string> = new Set(['*/*', 'application/*', ...JSON_FORMATS])

/** Refuses a wish for anything but FHIR R4 as JSON; `_format` overrides `Accept`. @throws SalusError `format-not-supported` */
export function requireJson(accept: string | undefined, format: string | undefined): void {
  if (format !== undefined ? JSON_FORMATS.has(mediaType(format)) : accepts(accept)) return
  throw new SalusError('format-not-supported', 'this server speaks FHIR R4 as application/fhir+json')
}

function accepts(header: string | undefined): boolean {
  if (header === undefined || header === '' || header === '*/*') return true
  return header.split(',').some((range) => {
    const version = /;\s*fhirVersion\s*=\s*"?([0-9.]+)"?/i.exec(range)?.[1]
    const refused = /;\s*q\s*=\s*0(\.0*)?\s*(;|$)/i.test(range)
    return ACCEPTED.has(mediaType(range)) && !refused && (version === undefined || version.startsWith('4.0'))
  })
}

/**
 * True where a client asks for the content of a Binary and not for FHIR: it names a media type of another kind and none
 * of FHIR's. A client that takes anything gets FHIR.
 */
export function asksForNative(accept: string | undefined, format: string | undefined): boolean {
  if (format !== undefined || accept === undefined) return false
  const types = accept.split(',').map(mediaType)
  if (types.some((type) => JSON_FORMATS.has(type) || type.startsWith('application/fhir'))) return false
  return types.some((type) => type.includes('/') && !ACCEPTED.has(type))
}

function mediaType(range: string): string {
  const end = range.indexOf(';')
  return (end < 0 ? range : range.slice(0, end)).trim().toLowerCase()
}
