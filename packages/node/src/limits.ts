/** Every bound of the node in one place, with its unit in the name. docs/operating/limits.md explains them. */

/** Longest request body: a transaction bundle. */
export const REQUEST_BYTES_MAX = 50 * 1024 * 1024
/** Longest single resource. */
export const RESOURCE_BYTES_MAX = 5 * 1024 * 1024
/** Most entries of a transaction, and of a batch, which may come from another member. */
export const TRANSACTION_ENTRIES_MAX = 20_000
export const BATCH_ENTRIES_MAX = 200
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
/** Stated reason of emergency access, in UTF-16 units. */
export const EMERGENCY_REASON_MAX = 500
