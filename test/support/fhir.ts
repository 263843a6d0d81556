/** A small FHIR client: what a request answered, and pages followed to their end. */
import assert from 'node:assert/strict'
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes'

export type Stored = Resource & { readonly id: string }

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined when it is not JSON. */
  readonly json: unknown
  /** The stable code of an OperationOutcome or of an error of the other doors. */
  readonly code: string | undefined
}

/** A searchset or history, all pages together. */
export interface Pages {
  readonly totals: readonly (number | undefined)[]
  readonly matches: readonly Stored[]
  readonly included: readonly Stored[]
  readonly pages: number
}

const PAGES_MAX = 1000

export class FhirClient {
  readonly base: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(base: string, token: string | null, headers: Readonly<Record<string, string>> = {}) {
    this.base = base
    this.#headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers }
  }

  /** `path` is below the base, or a whole URL such as a paging link. */
  async send(
    method: string,
    path: string,
    body?: BodyInit,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const url = path.startsWith('http') ? path : `${this.base}${path === '' ? '' : `/${path}`}`
    const response = await fetch(url, {
      method,
      headers: { ...this.#headers, ...headers },
      ...(body === undefined ? {} : { body }),
    })
    return toReply(response)
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply> {
    return this.send('GET', path, undefined, headers)
  }

  /** The body of a GET that must succeed. */
  async found<Document = Bundle>(path: string): Promise<Document> {
    const reply = await this.get(path)
    assert.equal(reply.status, 200, `${path}: ${reply.text.slice(0, 500)}`)
    return reply.json as Document
  }

  put(resource: Stored): Promise<Reply> {
    return this.write('PUT', `${resource.resourceType}/${resource.id}`, resource)
  }

  write(method: string, path: string, resource: unknown): Promise<Reply> {
    return this.send(method, path, JSON.stringify(resource), { 'content-type': 'application/fhir+json' })
  }

  post(path: string, form: string): Promise<Reply> {
    return this.send('POST', path, form, { 'content-type': 'application/x-www-form-urlencoded' })
  }

  /** Every page of a search or a history. */
  async pages(path: string): Promise<Pages> {
    const [totals, matches, included]: [(number | undefined)[], Stored[], Stored[]] = [[], [], []]
    for (let next: string | undefined = path; next !== undefined; ) {
      assert.ok(totals.length < PAGES_MAX, `${path} has no end`)
      const bundle: Bundle = await this.found(next)
      totals.push(bundle.total)
      for (const { resource, search } of bundle.entry ?? []) {
        if (resource === undefined || resource.resourceType === 'OperationOutcome') continue
        const list = search?.mode === 'include' ? included : matches
        list.push(resource as Stored)
      }
      next = bundle.link?.find(({ relation }) => relation === 'next')?.url
      if (next !== undefined) assert.ok(next.startsWith(`${this.base}/`) || next.startsWith(`${this.base}?`), next)
    }
    return { totals, matches, included, pages: totals.length }
  }
}

export async function toReply(response: Response): Promise<Reply> {
  const text = await response.text()
  const json = parse(text)
  const error = json as (Partial<OperationOutcome> & { readonly error?: { readonly code?: string } }) | undefined
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    code: error?.issue?.[0]?.details?.coding?.[0]?.code ?? error?.error?.code,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `Type/id`. */
export function nameOf({ resourceType, id }: Stored): string {
  return `${resourceType}/${id}`
}

/** The names of resources, sorted, for comparison as sets. */
export function names(resources: readonly Stored[]): string[] {
  return resources.map(nameOf).sort()
}
