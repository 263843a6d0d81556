/** A clinic: another member's users, who search, read and, in an emergency, break the glass. */
import { Violation } from '../model/violation.ts'
import type { SimulatedMember } from '../network/genesis.ts'
import type { Desk } from './desk.ts'
import { ask } from './http.ts'
import { note, tokenOf, type World } from './world.ts'

interface ReadKind {
  readonly isEmergency: boolean
  /** A search of the record; else one resource is read by its id. */
  readonly isSearch: boolean
}

export class Clinic {
  readonly name: string
  readonly #world: World
  readonly #member: SimulatedMember
  readonly #desks: readonly Desk[]
  #reads = 0

  constructor(world: World, member: SimulatedMember, desks: readonly Desk[]) {
    this.#world = world
    this.#member = member
    this.#desks = desks.filter((desk) => desk.member !== member)
    this.name = `clinic at ${member.handle}`
  }

  /** Does one thing. */
  async act(): Promise<void> {
    const { random } = this.#world
    await this.read(random.pick(this.#desks), { isEmergency: random.chance(0.1), isSearch: random.chance(0.6) })
  }

  /** Asks for a patient's record; resolves to the status of the answer. */
  async read(desk: Desk, { isEmergency, isSearch }: ReadKind): Promise<number | null> {
    const { consents, disclosures, scheduler } = this.#world
    const { patient, member } = desk
    const practitioner = `Practitioner/${this.#member.handle}-${++this.#reads}`
    const token = await tokenOf(this.#world, this.#member, practitioner)
    if (token === null) return null
    const askedUs = scheduler.nowUs
    const base = `${this.#member.url}/exchange/${member.handle}/fhir`
    const path = isSearch ? `Observation?patient=Patient/${patient}` : `Observation/${patient}-o1`
    const read = disclosures.asked(patient, practitioner, isEmergency)
    const answer = await countResources(`${base}/${path}`, {
      authorization: `Bearer ${token}`,
      ...(isEmergency ? { 'x-emergency-reason': 'unconscious' } : {}),
    })
    const action = isEmergency ? 'emergency' : isSearch ? 'search' : 'fetch'
    note(this.#world, this.name, action, answer === null ? 'unanswered' : `${answer.status}`)
    if (answer === null) return null
    if (answer.status === 200 && answer.count > 0) {
      read.answeredUs = scheduler.nowUs
      if (!isEmergency && !consents.mayRelease(patient, this.#member.id, askedUs, scheduler.nowUs)) {
        throw new Violation('no-live-consent', `${this.name} got ${answer.count} resources of ${patient}`)
      }
    }
    return answer.status
  }

  /** Whether the clinic gets what it certainly may, and nothing that it certainly may not, with nothing in the way. */
  async checkAccess(): Promise<void> {
    const { consents } = this.#world
    for (const desk of this.#desks) {
      const status = await this.read(desk, { isEmergency: false, isSearch: true })
      const must = consents.mustRelease(desk.patient, this.#member.id)
      if (must && status === 403) throw new Violation('stalled', `${this.name} is refused in spite of a consent`)
    }
  }
}

/** What a clinic is told about a patient: how many resources of the record, or null when nobody answered. */
async function countResources(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; count: number } | null> {
  const reply = await ask('GET', url, headers)
  if (reply === null) return null
  const json = reply.json as { resourceType?: string; entry?: unknown[]; total?: number } | null
  const count =
    json?.resourceType === 'Bundle' ? (json.entry?.length ?? 0) : json?.resourceType === 'Observation' ? 1 : 0
  return { status: reply.status, count }
}
