/** The lookups of a write, which keep what they have seen: it is recorded like everything else that is read. */
import type { Permit } from '../../consent/permit.ts'
import type { StoredVersion } from '../../vault/vault.ts'
import { matchesOf, theOne } from './conditional.ts'
import type { FhirRequest, FhirServer } from './interaction.ts'
import { replyTooLarge, textBytes } from './reply-size.ts'
import type { Lookups } from './write.ts'

export class RecordedLookups implements Lookups {
  readonly #server: FhirServer
  readonly #request: FhirRequest
  readonly #permit: Permit
  readonly #gone: ReadonlySet<string>
  readonly #seen = new Map<string, StoredVersion>()
  #bytesLeft: number

  /** With the writer's own permit; `gone` (`Type/id`) are those that will be deleted by the time the write counts. */
  constructor(server: FhirServer, request: FhirRequest, permit: Permit, gone: ReadonlySet<string> = new Set()) {
    this.#server = server
    this.#request = request
    this.#permit = permit
    this.#gone = gone
    this.#bytesLeft = request.replyBytesMax
  }

  /** Each version once. */
  get seen(): readonly StoredVersion[] {
    return [...this.#seen.values()]
  }

  async exists(type: string, id: string): Promise<boolean> {
    const version = await this.#server.reader.read(this.#permit, type, id)
    return version !== undefined && !version.deleted
  }

  async read(type: string, id: string): Promise<StoredVersion | undefined> {
    const version = await this.#server.reader.read(this.#permit, type, id)
    if (version !== undefined) this.#note(version)
    return version
  }

  async match(type: string, query: string): Promise<StoredVersion | undefined> {
    const matches = await matchesOf(this.#server, this.#request, this.#permit, type, query, this.#gone)
    for (const version of matches) this.#note(version)
    return theOne(matches, this.#gone)
  }

  #note(version: StoredVersion): void {
    const name = `${version.type}/${version.id}/${version.version}`
    if (this.#seen.has(name)) return
    this.#seen.set(name, version)
    this.#bytesLeft -= textBytes([version])
    if (this.#bytesLeft < 0) throw replyTooLarge()
  }
}
