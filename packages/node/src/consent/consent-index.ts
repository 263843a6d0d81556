/**
 * The verified consents of all patients, in memory, compiled. Whether one is in force is the ledger's to say: the rows
 * of a patient's consents are read again whenever the ledger's head has moved, so a revocation acts from the block that
 * holds it on, and no notice of it can be missed.
 */
import { consents } from '@salus/contracts'
import { type ConsentRow, equalBytes, equalKeys, fromHex, type PublicKey } from '@salus/core'
import type { Ledger } from '@salus/ledger'
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
  readonly #ledger: Pick<Ledger, 'get' | 'status'>
  readonly #files: Pick<Files, 'byPatient'>
  readonly #patients = new Map<string, PatientConsents>()
  /** Patients by who may be permitted something. Some may be there in vain after a consent has ended. */
  readonly #permitting = new Map<string, Set<string>>()
  readonly #denying = new Set<string>()

  constructor(ledger: Pick<Ledger, 'get' | 'status'>, files: Pick<Files, 'byPatient'>) {
    this.#ledger = ledger
    this.#files = files
  }

  /** Adds a verified consent, or takes the place of an earlier one with its id. */
  add(patient: string, id: string, policy: CompiledPolicy, identity: PublicKey): void {
    const key = consents.key(fromHex(id))
    const entry: Entry = { id, policy, identity, key, value: undefined, row: undefined }
    const others = (this.#patients.get(patient)?.entries ?? []).filter((other) => other.id !== id)
    this.#patients.set(patient, { entries: [...others, entry], height: -1 })
    for (const name of permitted(policy)) {
      const patients = this.#permitting.get(name)
      if (patients) patients.add(patient)
      else this.#permitting.set(name, new Set([patient]))
    }
    if (denies(policy.rule)) this.#denying.add(patient)
  }

  /** Forgets a patient. */
  remove(patient: string): void {
    this.#patients.delete(patient)
    this.#denying.delete(patient)
    for (const patients of this.#permitting.values()) patients.delete(patient)
  }

  live(patient: string, timeMs: number): readonly LiveConsent[] {
    const found = this.#patients.get(patient)
    if (!found) return []
    const { height } = this.#ledger.status()
    if (found.height !== height) this.#refresh(patient, found, height)
    const identity = this.#files.byPatient(patient)?.identity ?? null
    return found.entries.filter(
      (entry) => entry.row !== undefined && isInForce(entry.row, timeMs) && isSame(entry.identity, identity),
    )
  }

  *permitting(requester: string, practitioner: string | null): Iterable<string> {
    const names = [ANYONE, requester, ...(practitioner === null ? [] : [practitioner])]
    const seen = new Set<string>()
    for (const name of names) {
      for (const patient of this.#permitting.get(name) ?? []) {
        if (seen.has(patient)) continue
        seen.add(patient)
        yield patient
      }
    }
  }

  denying(): Iterable<string> {
    return this.#denying
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

/** In force: active, and the expiry that the ledger holds has not come. */
export function isInForce({ status, expiresAtMs }: ConsentRow, timeMs: number): boolean {
  return status === 'active' && (expiresAtMs === null || timeMs < expiresAtMs)
}

/** Once the patient has enrolled another key, consents under the earlier one no longer count. */
function isSame(a: PublicKey, b: PublicKey | null): boolean {
  return a === b || (b !== null && equalKeys(a, b))
}

/** Names under which a policy may permit something: members, practitioners, or anyone. */
function permitted({ recipients, rule }: CompiledPolicy): ReadonlySet<string> {
  const names = new Set<string>()
  collect(rule, recipients ?? [ANYONE], names)
  return names
}

function collect(rule: Rule, around: readonly string[], names: Set<string>): void {
  const own = rule.actors.flatMap((actor) => {
    if (actor.kind === 'nobody') return []
    return actor.kind === 'member' ? [actor.member] : [actor.reference]
  })
  const here = rule.actors.length > 0 ? own : around
  if (rule.type === 'permit') for (const name of here) names.add(name)
  for (const exception of rule.exceptions) collect(exception, here, names)
}

function denies({ type, exceptions }: Rule): boolean {
  return type === 'deny' || exceptions.some(denies)
}
