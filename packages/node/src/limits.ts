/** Every bound of the node in one place, with its unit in the name. docs/operating/limits.md explains them. */

/** Longest request body: a transaction bundle. */
export const REQUEST_BYTES_MAX = 50 * 1024 * 1024
/** Stored resources that one reply may hold, those of all entries of a bundle together; a gateway takes it whole. */
export const REPLY_BYTES_MAX = 50 * 1024 * 1024
/** Longest single resource. */
export const RESOURCE_BYTES_MAX = 5 * 1024 * 1024
/** Most entries of a transaction, and of a batch, which may come from another member. */
export const TRANSACTION_ENTRIES_MAX = 20_000
export const BATCH_ENTRIES_MAX = 200
/** Operations of one JSON Patch. */
export const PATCH_OPERATIONS_MAX = 1000
/** Longest query string, and most parameters, values of one parameter, chain links and includes in it. */
export const QUERY_BYTES_MAX = 16 * 1024
export const SEARCH_PARAMETERS_MAX = 64
export const SEARCH_VALUES_MAX = 256
export const CHAIN_LINKS_MAX = 4
export const INCLUDES_MAX = 16
/** Resources that includes may add to one page. */
export const INCLUDED_MAX = 5000
/** Page sizes. */
export const PAGE_COUNT_DEFAULT = 100
export const PAGE_COUNT_MAX = 1000
/** Deepest nesting of FHIR JSON. */
export const RESOURCE_DEPTH_MAX = 64
/** Nesting and number of provisions in a consent, and live consents of one patient. */
export const PROVISION_DEPTH_MAX = 8
export const PROVISIONS_MAX = 256
export const CONSENTS_PER_PATIENT_MAX = 1000
/** Patients that one search across records may touch for a foreign requester. */
export const SEARCH_FILES_MAX = 1000
/** A replica further behind than this refuses requests of other members. */
export const LEDGER_LAG_MS_MAX = 10_000
/** The outbox seals a batch after this long, or when this many items wait; and refuses work beyond its size. */
export const OUTBOX_DELAY_MS_MAX = 1000
export const OUTBOX_BATCH_ITEMS_MAX = 5000
export const OUTBOX_ITEMS_MAX = 1_000_000
/** Disclosures that may wait for the commit of the journal; requests beyond are refused. */
export const JOURNAL_QUEUE_BYTES_MAX = 16 * 1024 * 1024
/** Instances of which the gate remembers whose they are. */
export const OWNERS_REMEMBERED_MAX = 100_000
/** Stated reason of emergency access, in UTF-16 units. */
export const EMERGENCY_REASON_MAX = 500
/** Another member must answer within this time, with at most this much. */
export const EXCHANGE_TIMEOUT_MS = 30_000
export const EXCHANGE_REPLY_BYTES_MAX = 64 * 1024 * 1024
/** A consent document as a patient's wallet sends it. */
export const CONSENT_BYTES_MAX = 64 * 1024
/** Longest access token and client assertion, body of a request to the authorization server, and reply of one. */
export const TOKEN_BYTES_MAX = 8 * 1024
export const ASSERTION_BYTES_MAX = 8 * 1024
export const OAUTH_REQUEST_BYTES_MAX = 16 * 1024
export const OAUTH_REPLY_BYTES_MAX = 64 * 1024
/** Lifetime of access tokens, of those that an administrator issues by hand, and of client assertions. */
export const TOKEN_LIFETIME_S = 300
export const ISSUED_TOKEN_LIFETIME_S_MAX = 366 * 24 * 60 * 60
export const ASSERTION_LIFETIME_S_MAX = 300
/** Difference between the clocks of a client and of this node that is borne. */
export const CLOCK_SKEW_S_MAX = 10
/** Verified tokens, and tokens of other members, that are kept in memory. */
export const VERIFIED_TOKENS_MAX = 10_000
export const MEMBER_TOKENS_MAX = 10_000
/** Unexpired assertions of one client that are remembered; more are refused. */
export const ASSERTIONS_PER_CLIENT_MAX = 5000
/** Requests to the authorization server per minute and network address. */
export const OAUTH_REQUESTS_PER_MINUTE_MAX = 600
/** Registered clients, and keys of one. */
export const CLIENTS_MAX = 10_000
export const CLIENT_KEYS_MAX = 8
/** Scopes that one token may carry, and their spelling in UTF-16 units. */
export const SCOPES_MAX = 200
export const SCOPE_TEXT_MAX = 4096
/** An answer of another member's authorization server is awaited this long. */
export const MEMBER_TOKEN_TIMEOUT_MS = 5000
/** Another member is given this long to order a relayed transaction; most bytes of its answer. */
export const RELAY_TIMEOUT_MS = 15_000
export const RELAY_REPLY_BYTES_MAX = 4096
/** A patient's request is taken this long before and after the time it names; most that are remembered meanwhile. */
export const PATIENT_REQUEST_WINDOW_MS = 120_000
export const PATIENT_REQUESTS_MAX = 100_000
/** Most values of one list in a consent document. */
export const CONSENT_VALUES_MAX = 256
/** Most tests on data that the consents of one patient may come to; they all become part of the vault's queries. */
export const CONSENT_FILTERS_MAX = 512
/** Sessions of staff in the portal: their whole life, the longest without a request, and how old a proof for sensitive acts may be. */
export const SESSION_MS_MAX = 43_200_000
export const SESSION_IDLE_MS_MAX = 3_600_000
export const STEP_UP_MS_MAX = 300_000
/** A link that signs in once lives this long; attempts to sign in per minute and network address. */
export const SIGN_IN_LINK_MS_MAX = 900_000
export const SIGN_INS_PER_MINUTE_MAX = 20
/** A challenge for a passkey lives this long; most that are remembered; passkeys of one user. */
export const PASSKEY_CHALLENGE_MS_MAX = 300_000
export const PASSKEY_CHALLENGES_MAX = 10_000
export const PASSKEYS_PER_USER_MAX = 20
/** An invitation of a patient lives this long; attempts to use one per minute and network address. */
export const INVITATION_MS_MAX = 604_800_000
export const JOINS_PER_MINUTE_MAX = 10
/** Pages of patients that may listen for events at once, and how often each hears that the node is there. */
export const EVENT_STREAMS_MAX = 10_000
export const EVENTS_HEARTBEAT_MS = 20_000
/** Open requests for access to one record. */
export const ACCESS_REQUESTS_OPEN_MAX = 50
