/**
 * Which disclosures must stand in a patient's log. Every read goes out under a practitioner of its own, so that its
 * entries can be told apart: one that was answered with data has an entry, and none has more entries than requests
 * that reached the custodian.
 */
import { Violation } from './violation.ts'

export interface ModelRead {
  readonly patient: string
  readonly practitioner: string
  /** Virtual time of the answer; null while nobody was told anything. */
  answeredUs: number | null
  readonly isEmergency: boolean
  /** Requests that reached the custodian. */
  deliveries: number
}

export class DisclosureModel {
  readonly #reads = new Map<string, ModelRead>()

  asked(patient: string, practitioner: string, isEmergency: boolean): ModelRead {
    const read = { patient, practitioner, isEmergency, answeredUs: null, deliveries: 0 }
    this.#reads.set(practitioner, read)
    return read
  }

  delivered(practitioner: string): void {
    const read = this.#reads.get(practitioner)
    if (read) read.deliveries++
  }

  /** Holds the practitioners in a patient's log against the reads answered before `sinceUs`. */
  check(
    patient: string,
    logged: readonly { readonly practitioner: string | null; readonly emergency: boolean }[],
    sinceUs: number,
  ): void {
    const counts = new Map<string, number>()
    for (const { practitioner } of logged) {
      if (practitioner !== null) counts.set(practitioner, (counts.get(practitioner) ?? 0) + 1)
    }
    for (const read of this.#reads.values()) {
      if (read.patient !== patient) continue
      const count = counts.get(read.practitioner) ?? 0
      if (read.answeredUs !== null && read.answeredUs < sinceUs && count === 0) {
        throw new Violation(
          'acknowledged-lost',
          `the disclosure to ${read.practitioner} is not in the log of ${patient}`,
        )
      }
      if (count > read.deliveries) {
        const times = `${count} entries for ${read.deliveries} requests`
        throw new Violation('happened-twice', `${times} of ${read.practitioner}`)
      }
      const flagged = logged.filter(({ practitioner, emergency }) => practitioner === read.practitioner && emergency)
      if (read.isEmergency && flagged.length !== count) {
        throw new Violation('acknowledged-lost', `an emergency access of ${read.practitioner} is not flagged`)
      }
    }
  }
}
