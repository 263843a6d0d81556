/**
 * What an interaction of the FHIR R4 RESTful API (https://hl7.org/fhir/R4/http.html) is: a method, a path, the right
 * that it needs, and a handler from a request to a reply. Handlers never send: the same handler serves an HTTP request
 * and an entry of a batch.
 */
import type { Principal } from '../../auth/principal.ts'
import type { Action } from '../../auth/scopes.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Purpose } from '../../gate/purpose.ts'
import type { NumberSpellings } from '../../vault/fhir-json.ts'
import type { StoredVersion, VaultReader, VaultWriter } from '../../vault/vault.ts'
import type { ConditionalLock } from './conditional.ts'
import type { Router } from './route.ts'
import type { Lookups, Plan } from './write.ts'

/** What the handlers work with. Base URLs end without a slash. */
export interface FhirServer {
  readonly reader: VaultReader
  readonly writer: VaultWriter
  readonly gate: Gate
  /** The custodian's own base URL, as resources here may name it; replies are written with the requester's. */
  readonly fhirBase: string
  /** The text of the CapabilityStatement for who sees this server under this base URL. */
  readonly capabilities: (linkBase: string) => string
  readonly conditional: ConditionalLock
  readonly router: Router
  /** The proof file of a version. @throws SalusError `not-committed-yet` */
  readonly prove: (version: StoredVersion) => Promise<string>
}

/** The variable parts of a path; those that the path of an interaction has not are empty. */
export interface PathParts {
  readonly type: string
  readonly id: string
  readonly version: string
  /** Type within a compartment, or `*`. */
  readonly member: string
}

/** Headers that take part in an interaction, and their counterparts in `Bundle.entry.request`. */
export interface ConditionHeaders {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifNoneExist: string | undefined
  readonly prefer: string | undefined
}

export interface FhirRequest {
  readonly principal: Principal
  readonly purpose: Purpose
  /** Base URL under which this requester sees this server: the start of every URL in the reply. */
  readonly linkBase: string
  /** Bytes of stored resources that the reply may still hold; see reply-size.ts. */
  readonly replyBytesMax: number
  readonly path: PathParts
  /** Query string without `?`; of `_search` with the form's parameters after it. */
  readonly query: string
  readonly headers: ConditionHeaders
  /** The body as parsed JSON; undefined when there is none. */
  readonly body: unknown
  /** How the body spells its numbers; by its objects, so resources are changed in place and never copied. */
  readonly spellings: NumberSpellings
  /** Where a failure goes that an entry of a batch answers for by itself. */
  readonly report: (error: unknown) => void
}

export interface FhirReply {
  readonly status: number
  /** JSON text, or empty for none. */
  readonly body: string
  /** Version and date of the resource that the reply is about, for `ETag` and `Last-Modified`. */
  readonly version?: string
  readonly lastUpdatedMs?: number
  readonly location?: string
  readonly contentLocation?: string
  /** Methods of the path, for the `Allow` of 405. */
  readonly allow?: readonly string[]
}

/** One interaction; `path` has segments of `:type`, `:id`, `:version` and `:member`, and literal ones. */
export interface Interaction {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Set where only a request with a query is meant; two interactions may differ in that alone. */
  readonly query?: 'required'
  /** The right needed for the path's type; null where the handler checks for itself. */
  readonly right: Action | null
  /** Whether it changes the vault: other members may not. */
  readonly writes: boolean
  /** True where nobody needs to say who they are; who does sees their own URLs. */
  readonly isPublic?: true
  readonly handle: (server: FhirServer, request: FhirRequest) => Promise<FhirReply>
}

/** An interaction that changes the vault: what it would do, decided apart from doing it, so that a transaction can. */
export interface WriteInteraction extends Interaction {
  readonly asks: 'create' | 'update' | 'delete'
  readonly plan: (lookups: Lookups, request: FhirRequest) => Promise<Plan>
}
