/**
 * A patient's desk at the custodian: writes, corrects, imports and reads back the record. It is the only writer of its
 * resources, corrects with `If-Match`, and repeats nothing blindly, so the model knows what each version may hold.
 */
import type { ModelResource } from '../model/record-model.ts'
import { Violation } from '../model/violation.ts'
import type { SimulatedMember } from '../network/genesis.ts'
import { ask, versionOf } from './http.ts'
import { note, tokenOf, type World } from './world.ts'

const IMPORT_ENTRIES = 3

export class Desk {
  readonly name: string
  readonly member: SimulatedMember
  readonly patient: string
  readonly #world: World
  #token: string | null = null
  readonly #resources: ModelResource[] = []
  /** Resources of imports that were not answered: all of them are there, or none. */
  readonly #unsure: (readonly ModelResource[])[] = []
  #count = 0

  constructor(world: World, member: SimulatedMember, patient: string) {
    this.#world = world
    this.member = member
    this.patient = patient
    this.name = `desk of ${patient}`
  }

  /** Does one thing. */
  async act(): Promise<void> {
    const { random } = this.#world
    this.#token ??= await tokenOf(this.#world, this.member, null)
    if (this.#token === null) return
    const known = this.#resources.length
    const roll = random.next()
    if (known === 0 || roll < 0.2) await this.#put(this.#newResource(), null)
    else if (roll < 0.5) await this.#correct(random.pick(this.#resources))
    else if (roll < 0.62) await this.#import()
    else if (roll < 0.75 && this.#unsure.length > 0) await this.#checkImport(random.pick(this.#unsure))
    else await this.read(random.pick(this.#resources))
  }

  /** Puts the patient; true once it is stored. */
  async admit(): Promise<boolean> {
    this.#token ??= await tokenOf(this.#world, this.member, null)
    if (this.#token === null) return false
    const body = { resourceType: 'Patient', id: this.patient, active: true }
    const reply = await ask('PUT', `${this.member.url}/fhir/Patient/${this.patient}`, this.headers(), body)
    return reply !== null && reply.status < 300
  }

  /** Reads everything back. */
  async readAll(): Promise<void> {
    this.#token ??= await tokenOf(this.#world, this.member, null)
    for (const resource of this.#resources) await this.read(resource, true)
    for (const group of this.#unsure) await this.#checkImport(group)
  }

  async #correct(resource: ModelResource): Promise<void> {
    if (resource.latest === 0) return this.read(resource)
    await this.#put(resource, resource.latest)
  }

  async #put(resource: ModelResource, ifVersion: number | null): Promise<void> {
    const content = this.#newContent()
    resource.sent.add(content)
    const headers = { ...this.headers(), ...(ifVersion === null ? {} : { 'if-match': `W/"${ifVersion}"` }) }
    const reply = await ask('PUT', resource.path, headers, this.#observation(resource, content))
    if (reply && (reply.status === 200 || reply.status === 201)) {
      this.#world.records.acknowledged(resource, versionOf(reply.etag), content)
    }
    note(this.#world, this.name, ifVersion === null ? 'create' : 'correct', String(reply?.status ?? 'unanswered'))
  }

  async read(resource: ModelResource, must = false): Promise<void> {
    const acknowledged = resource.latest
    const reply = await ask('GET', resource.path, this.headers())
    const outcome = String(reply?.status ?? 'unanswered')
    note(this.#world, this.name, 'read', outcome)
    if (reply?.status === 200) {
      const { valueString } = reply.json as { valueString: string }
      this.#world.records.shown(resource, versionOf(reply.etag), valueString, acknowledged)
    } else if (reply?.status === 404) this.#world.records.shown(resource, null, null, acknowledged)
    else if (must) throw new Violation('stalled', `${resource.path} cannot be read: ${outcome}`)
  }

  async #import(): Promise<void> {
    const group = Array.from({ length: IMPORT_ENTRIES }, () => this.#newResource())
    const contents = group.map(() => this.#newContent())
    for (const [i, resource] of group.entries()) resource.sent.add(contents[i]!)
    const entry = group.map((resource, i) => ({
      resource: this.#observation(resource, contents[i]!),
      request: { method: 'PUT', url: resource.path.split('/').slice(-2).join('/') },
    }))
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry }
    const reply = await ask('POST', `${this.member.url}/fhir`, this.headers(), bundle)
    if (reply?.status === 200) {
      const answered = (reply.json as { entry: { response: { etag: string } }[] }).entry
      group.forEach((resource, i) => {
        this.#world.records.acknowledged(resource, versionOf(answered[i]!.response.etag), contents[i]!)
      })
    } else this.#unsure.push(group)
    note(this.#world, this.name, 'import', String(reply?.status ?? 'unanswered'))
  }

  /** An import may come late, between two of these reads; but once a part is there, the rest is. */
  async #checkImport(group: readonly ModelResource[]): Promise<void> {
    let before = false
    for (const resource of group) {
      const reply = await ask('GET', resource.path, this.headers())
      if (reply === null || (reply.status !== 200 && reply.status !== 404)) return
      const present = reply.status === 200
      if (before && !present) throw new Violation('half-done', `an import stored a part, but not ${resource.path}`)
      before = present
    }
    note(this.#world, this.name, 'import', before ? 'was stored' : 'was not stored')
  }

  #newResource(): ModelResource {
    const id = `${this.patient}-o${++this.#count}`
    const resource = this.#world.records.resource(`${this.member.url}/fhir/Observation/${id}`)
    this.#resources.push(resource)
    return resource
  }

  #newContent(): string {
    return `value ${++this.#count} of ${this.patient}`
  }

  #observation(resource: ModelResource, valueString: string): unknown {
    return {
      resourceType: 'Observation',
      id: resource.path.split('/').at(-1),
      status: 'final',
      code: { text: 'simulated' },
      subject: { reference: `Patient/${this.patient}` },
      valueString,
    }
  }

  /** The operator's headers, also for what the wallet's owner asks at the desk in person. */
  headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.#token}` }
  }
}
