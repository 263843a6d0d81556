/**
 * What a custodian acknowledged of a patient's record: version n of a resource has this content, for ever; and a
 * resource has no more versions than writes of it arrived.
 */
import { Violation } from './violation.ts'

export interface ModelResource {
  readonly path: string
  /** Acknowledged contents by version. */
  readonly versions: Map<number, string>
  /** Everything that was ever sent. */
  readonly sent: Set<string>
  latest: number
  deliveries: number
}

export class RecordModel {
  readonly #resources = new Map<string, ModelResource>()

  resource(path: string): ModelResource {
    let resource = this.#resources.get(path)
    if (!resource) {
      resource = { path, versions: new Map(), sent: new Set(), latest: 0, deliveries: 0 }
      this.#resources.set(path, resource)
    }
    return resource
  }

  all(): readonly ModelResource[] {
    return [...this.#resources.values()]
  }

  delivered(path: string): void {
    const resource = this.#resources.get(path)
    if (resource) resource.deliveries++
  }

  acknowledged(resource: ModelResource, version: number, content: string): void {
    const known = resource.versions.get(version)
    if (known !== undefined && known !== content) {
      throw new Violation('acknowledged-lost', `version ${version} of ${resource.path} was acknowledged twice`)
    }
    resource.versions.set(version, content)
    resource.latest = Math.max(resource.latest, version)
  }

  /** The custodian shows `content` as `version`; null when it shows nothing. `acknowledged` is what it owed when asked. */
  shown(resource: ModelResource, version: number | null, content: string | null, acknowledged: number): void {
    const { path } = resource
    if (version === null || content === null) {
      if (acknowledged > 0) throw new Violation('acknowledged-lost', `${path} is gone after version ${acknowledged}`)
      return
    }
    if (version < acknowledged) {
      throw new Violation('acknowledged-lost', `${path} is at version ${version} after ${acknowledged}`)
    }
    const expected = resource.versions.get(version)
    if ((expected !== undefined && expected !== content) || !resource.sent.has(content)) {
      throw new Violation('acknowledged-lost', `version ${version} of ${path} has another content`)
    }
    if (version > resource.deliveries) {
      throw new Violation('happened-twice', `${path} has ${version} versions of ${resource.deliveries} writes`)
    }
    resource.latest = Math.max(resource.latest, version)
  }
}
