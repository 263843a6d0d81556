/** The gate of a node: asks the decision engine, hands out the permit, and writes the journal. See gate.ts. */
import { type DisclosureEntry, fromHex, SalusError } from '@salus/core'
import { merkleRoot } from '@salus/proof'
import type { Principal } from '../auth/principal.ts'
import { type FileDecision, REASONS, type Reason } from '../consent/decision.ts'
import type { Permit } from '../consent/permit.ts'
import { type AccessRequest, PURPOSE_SYSTEM } from '../consent/request.ts'
import type { Journal, NewEntry } from '../disclosure/journal.ts'
import type { Files } from '../files/files.ts'
import type { StoredVersion } from '../vault/vault.ts'
import type { Decider } from './decider.ts'
import type { Ask, Gate, Interaction, Passage } from './gate.ts'
import type { OwnersOf } from './owners.ts'

export interface GateParts {
  readonly custodian: string
  readonly files: Files
  readonly journal: Journal
  readonly decider: Decider
  readonly ownersOf: OwnersOf
  readonly now: () => number
}

/** Reasons that only a patient who is here can have caused. */
const TELLS_OF_PATIENT: ReadonlySet<Reason> = new Set(['consent-denies', 'emergency-denied'])

export class SalusGate implements Gate {
  readonly #parts: GateParts

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  async open(principal: Principal, ask: Ask): Promise<Passage> {
    const request = this.#request(principal, ask)
    const patients = await this.#patients(ask, request.requester !== request.custodian)
    const decision = this.#parts.decider.decide(request, patients)
    if (decision.decision === 'deny') return this.#refuse(request, ask, patients, decision.reason, decision.files)
    return new RecordedPassage(
      this.#parts,
      request,
      ask,
      patients,
      decision.permit,
      (patient) => decision.files.get(patient) ?? decision.otherwise,
    )
  }

  #request(principal: Principal, ask: Ask): AccessRequest {
    const purpose = principal.asserted ?? { purpose: ask.purpose.code, emergency: ask.purpose.emergency }
    return {
      requester: principal.member,
      custodian: this.#parts.custodian,
      practitioner: principal.practitioner,
      operator: principal.kind === 'operator',
      ...(principal.kind === 'patient' ? { self: principal.patients ?? [] } : {}),
      purpose: purpose.purpose,
      emergency: purpose.emergency,
      timeMs: this.#parts.now(),
    }
  }

  async #patients(ask: Ask, isForeign: boolean): Promise<readonly string[]> {
    if (ask.instance === null) return ask.patients
    const { type, id } = ask.instance
    const owners = await this.#parts.ownersOf(type, id)
    // An absent instance is asked about as a patient that does not exist, so that the answer is that of a refusal; and
    // so is, by another member, one that belongs to nobody: no consent covers it, whatever else is open to them.
    if (owners === undefined || (owners.length === 0 && isForeign)) {
      return [...ask.patients, type === 'Patient' ? id : `absent-${id}`]
    }
    return [...ask.patients, ...owners]
  }

  async #refuse(
    request: AccessRequest,
    ask: Ask,
    patients: readonly string[],
    reason: Reason,
    files: ReadonlyMap<string, FileDecision>,
  ): Promise<never> {
    const entries = patients.flatMap((patient) => {
      const file = this.#parts.files.byPatient(patient)
      if (!file) return []
      return [newEntry(request, ask.interaction, file.fileId, files.get(patient) ?? denied(reason), [])]
    })
    await writeEntries(this.#parts.journal, request, entries, reason)
    throw refused(request, reason)
  }
}

class RecordedPassage implements Passage {
  readonly permit: Permit
  readonly #parts: GateParts
  readonly #request: AccessRequest
  readonly #ask: Ask
  readonly #patients: readonly string[]
  readonly #decisionOf: (patient: string) => FileDecision

  constructor(
    parts: GateParts,
    request: AccessRequest,
    ask: Ask,
    patients: readonly string[],
    permit: Permit,
    decisionOf: (patient: string) => FileDecision,
  ) {
    this.#parts = parts
    this.#request = request
    this.#ask = ask
    this.#patients = patients
    this.permit = permit
    this.#decisionOf = decisionOf
  }

  async close(released: readonly StoredVersion[], counted: readonly string[] = []): Promise<void> {
    const entries: NewEntry[] = []
    for (const [patient, versions] of this.#byPatient(released, counted)) {
      const file = this.#parts.files.byPatient(patient)
      if (file) {
        entries.push(newEntry(this.#request, this.#ask.interaction, file.fileId, this.#decisionOf(patient), versions))
      }
    }
    if (entries.length > 0) await this.#parts.journal.append(entries)
  }

  async notFound(): Promise<void> {
    if (this.#request.requester === this.#request.custodian) return this.close([])
    const entries = this.#patients.flatMap((patient) => {
      const file = this.#parts.files.byPatient(patient)
      return file ? [newEntry(this.#request, this.#ask.interaction, file.fileId, denied('no-consent'), [])] : []
    })
    await writeEntries(this.#parts.journal, this.#request, entries, 'no-consent')
    throw refused(this.#request, 'no-consent')
  }

  /**
   * What was released of each patient's record. A patient who was named is there even when nothing was found; so is,
   * for another member, each patient whom a search over every record drew on, since a total alone tells something.
   */
  #byPatient(
    released: readonly StoredVersion[],
    counted: readonly string[],
  ): ReadonlyMap<string, readonly StoredVersion[]> {
    const groups = new Map<string, StoredVersion[]>()
    const foreign = this.#request.requester !== this.#request.custodian
    const drawnOn = this.#patients.length === 0 && foreign ? this.permit.scope.files.keys() : this.#patients
    if (!isLookup(this.#ask.interaction)) for (const patient of drawnOn) groups.set(patient, [])
    for (const patient of counted) groups.set(patient, [])
    for (const version of released) {
      for (const patient of version.patients) {
        const group = groups.get(patient)
        if (group) group.push(version)
        else groups.set(patient, [version])
      }
    }
    return groups
  }
}

/** Looking up what a write refers to releases nothing, and is written down only if it does. */
function isLookup(interaction: Interaction): boolean {
  return interaction === 'create' || interaction === 'update' || interaction === 'delete' || interaction === 'import'
}

function newEntry(
  request: AccessRequest,
  interaction: Interaction,
  fileId: string,
  decision: FileDecision,
  versions: readonly StoredVersion[],
): NewEntry {
  return {
    fileId: fromHex(fileId),
    timeMs: request.timeMs,
    custodian: request.custodian,
    requester: request.requester,
    practitioner: request.practitioner,
    purpose: purposeText(request),
    interaction,
    decision: decision.decision,
    reason: decision.reason,
    emergency: request.emergency,
    consents: decision.consents.slice(0, 32).map(fromHex),
    what: countTypes(versions),
    content: versions.length === 0 ? null : merkleRoot(versions.map((version) => version.commitment)),
  }
}

function countTypes(versions: readonly StoredVersion[]): DisclosureEntry['what'] {
  const counts = new Map<string, number>()
  for (const { type } of versions) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts].map(([type, count]) => ({ type, count }))
}

/** A code of v3-PurposeOfUse stands alone, any other with its system. */
function purposeText(request: AccessRequest): string {
  const { system, code } = request.purpose
  return system === PURPOSE_SYSTEM ? code : `${system}|${code}`
}

function denied(reason: Reason): FileDecision {
  return { decision: 'deny', reason, consents: [] }
}

/** Writes refusals; one about nobody known is written elsewhere, at the same cost. */
function writeEntries(
  journal: Journal,
  request: AccessRequest,
  entries: readonly NewEntry[],
  reason: string,
): Promise<void> {
  if (entries.length > 0) return journal.append(entries)
  const { timeMs, requester, practitioner } = request
  return journal.appendUnknown({ timeMs, requester, practitioner, reason })
}

/**
 * What the requester is told. Another member hears nothing that only an existing patient could have caused: a consent
 * that forbids looks like one that is absent. The patient's log has the reason itself.
 */
function refused(request: AccessRequest, reason: Reason): SalusError {
  const foreign = request.requester !== request.custodian
  const told = foreign && TELLS_OF_PATIENT.has(reason) ? 'no-consent' : reason
  return new SalusError('access-refused', `access is refused: ${REASONS[told]}`, { reason: told })
}
