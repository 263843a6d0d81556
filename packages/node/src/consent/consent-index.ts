/**
 * The verified consents of all patients, in memory, compiled. Whether one is in force is the ledger's to say. The rows of
 * a patient's consents are read again when a block since has a consent command in it, and whenever the ledger's head is
 * at a block that was not looked at yet; so a revocation acts from its block on, however late the notice of it comes.
 */
import { consent, consents } from '@salus/contracts'
import { type ConsentRow, equalBytes, equalKeys, fromHex, type PublicKey } from '@salus/core'
import type { CommittedBlock, Ledger } from '@salus/ledger'
import type { Files } from '../files/files.ts'
import type { CompiledPolicy, Rule } from './compile.ts'
import type { Consents, LiveConsent } from './decide.ts'

/** Consents without a named actor permit any member. */
const ANYONE = 'anyone'

interface Entry extends LiveConsent {
  readonly key: Uint8Array
  readonly identity: PublicKey
  /** The ledger's row as it was last read, with its bytes. */
  value: Uint8Array | undefined
  row: ConsentRow | undefined
}

interface PatientConsents {
  entries: readonly Entry[]
  /** The height at which the rows of the entries were read. */
  height: number
}

export class ConsentIndex implements Consents {
  readonly #ledger: Pick<Ledger, 'get' | 'status' | 'onBlock'>
  readonly #files: Pick<Files, 'byPatient'>
  /** The last block that was looked at, and the last in which a consent may have changed. */
  #seenHeight: number
  #changedHeight: number
  readonly #patients = new Map<string, PatientConsents>()
  /** Patients by whom a rule may permit or deny something. Some may be there in vain after a consent has ended. */
  readonly #permitting = new Map<string, Set<string>>()
  readonly #denying = new Map<string, Set<string>>()

  constructor(ledger: Pick<Ledger, 'get' | 'status' | 'onBlock'>, files: Pick<Files, 'byPatient'>) {
    this.#ledger = ledger
    this.#files = files
    this.#seenHeight = this.#changedHeight = ledger.status().height
    ledger.onBlock((block) => this.#look(block))
  }

  /** Adds a verified consent, or takes the place of an earlier one with its id. */
  add(patient: string, id: string, policy: CompiledPolicy, identity: PublicKey): void {
    const key = consents.key(fromHex(id))
    const entry: Entry = { id, policy, identity, key, value: undefined, row: undefined }
    const others = (this.#patients.get(patient)?.entries ?? []).filter((other) => other.id !== id)
    this.#patients.set(patient, { entries: [...others, entry], height: -1 })
    for (const { type, name } of namesIn(policy.rule, policy.recipients ?? [ANYONE])) {
      const patients = type === 'permit' ? this.#permitting : this.#denying
      const named = patients.get(name)
      if (named) named.add(patient)
      else patients.set(name, new Set([patient]))
    }
  }

  /** Forgets a patient. */
  remove(patient: string): void {
    this.#patients.delete(patient)
    for (const names of [this.#permitting, this.#denying]) {
      for (const patients of names.values()) patients.delete(patient)
    }
  }

  live(patient: string, timeMs: number): readonly LiveConsent[] {
    const found = this.#patients.get(patient)
    if (!found) return []
    const { height } = this.#ledger.status()
    const isCurrent = height === this.#seenHeight && found.height >= this.#changedHeight
    if (!isCurrent && height !== found.height) this.#refresh(patient, found, height)
    const identity = this.#files.byPatient(patient)?.identity ?? null
    return found.entries.filter(
      (entry) => entry.row !== undefined && isInForce(entry.row, timeMs) && isSame(entry.identity, identity),
    )
  }

  permitting(requester: string, practitioner: string | null): ReadonlySet<string> {
    return patientsOf(this.#permitting, requester, practitioner)
  }

  denying(requester: string, practitioner: string | null): ReadonlySet<string> {
    return patientsOf(this.#denying, requester, practitioner)
  }

  #look({ height, entries }: CommittedBlock): void {
    const isNext = height === this.#seenHeight + 1
    if (!isNext || entries.some(mayChangeConsent)) this.#changedHeight = height
    this.#seenHeight = height
  }

  /** Reads the rows anew. A consent that was revoked or replaced never comes back, so it is dropped. */
  #refresh(patient: string, found: PatientConsents, height: number): void {
    for (const entry of found.entries) {
      const value = this.#ledger.get(entry.key)
      if (value && entry.value && equalBytes(value, entry.value)) continue
      entry.value = value
      entry.row = value && consents.parse(value)
    }
    found.entries = found.entries.filter(({ row }) => row === undefined || row.status === 'active')
    found.height = height
    if (found.entries.length === 0) this.remove(patient)
  }
}

/** A command names its contract in plain text; to find that word costs less than to decode every transaction. */
function mayChangeConsent(entry: Uint8Array): boolean {
  return Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).includes(consent.name)
}

/** In force: active, and the expiry that the ledger holds has not come. */
export function isInForce({ status, expiresAtMs }: ConsentRow, timeMs: number): boolean {
  return status === 'active' && (expiresAtMs === null || timeMs < expiresAtMs)
}

/** Once the patient has enrolled another key, consents under the earlier one no longer count. */
function isSame(a: PublicKey, b: PublicKey | null): boolean {
  return a === b || (b !== null && equalKeys(a, b))
}

function patientsOf(
  names: ReadonlyMap<string, ReadonlySet<string>>,
  requester: string,
  practitioner: string | null,
): ReadonlySet<string> {
  const found = new Set<string>()
  for (const name of [ANYONE, requester, practitioner ?? ANYONE]) {
    for (const patient of names.get(name) ?? []) found.add(patient)
  }
  return found
}

interface Named {
  readonly type: Rule['type']
  readonly name: string
}

/** Whom each rule speaks of at most: members, practitioners, or anyone. A rule without actors has those around it. */
function namesIn({ type, actors, exceptions }: Rule, around: readonly string[]): readonly Named[] {
  const own = actors.flatMap((actor) => {
    if (actor.kind === 'nobody') return []
    return actor.kind === 'member' ? [actor.member] : [actor.reference]
  })
  const here = actors.length > 0 ? own : around
  const names = type === null ? [] : here.map((name) => ({ type, name }))
  return [...names, ...exceptions.flatMap((exception) => namesIn(exception, here))]
}
