/**
 * `$everything` of a patient: `GET [base]/Patient/[id]/$everything` (http://hl7.org/fhir/R4/patient-operation-everything.html),
 * and of all patients for operators: `GET [base]/Patient/$everything`, one patient's page after another.
 */
import { fromBase64url, fromUtf8, SalusError, toBase64url, utf8 } from '@salus/core'
import { requireScope } from '../../../auth/scopes.ts'
import { CURSOR_PARAMETER } from '../../../vault/search/parse.ts'
import type { SearchPage } from '../../../vault/search/request.ts'
import type { Interaction } from '../interaction.ts'
import { withParameters } from '../operation-parameters.ts'
import { readEverything, readSearch } from '../search-query.ts'
import { releasePage } from '../searchset.ts'

export const everything: Interaction = {
  name: 'everything',
  method: 'GET',
  path: '/Patient/:id/$everything',
  right: 'read',
  writes: false,
  handle: async (server, request) => {
    const { principal, purpose, path } = request
    const wanted = readEverything(server, request)
    const instance = { type: 'Patient', id: path.id }
    const passage = await server.gate.open(principal, { interaction: 'everything', patients: [], instance, purpose })
    const page = await server.reader.everything(passage.permit, path.id, wanted.search)
    if (page.matches.length === 0 && (await server.reader.read(passage.permit, 'Patient', path.id)) === undefined) {
      await passage.notFound()
      throw new SalusError('not-found', 'there is no such patient')
    }
    return releasePage(request, passage, `Patient/${path.id}/$everything`, wanted, page)
  },
}

export const everythingOfAll: Interaction = {
  name: 'everything',
  method: 'GET',
  path: '/Patient/$everything',
  right: 'read',
  writes: false,
  handle: async (server, request) => {
    const { principal, purpose } = request
    if (principal.kind !== 'operator') throw new SalusError('operator-required', 'only operators may read all records')
    requireScope(principal, '*', 'read')
    const cursor = new URLSearchParams(request.query).get(CURSOR_PARAMETER)
    const [outer, inner] = readCursor(cursor)
    const wanted = { ...readEverything(server, request, inner), cursor }
    const patients = readSearch(server, { ...request, query: onePatient(outer) }, { type: 'Patient' })
    const ask = { interaction: 'everything', patients: [], instance: null, purpose } as const
    const passage = await server.gate.open(principal, ask)
    const found = await server.reader.search(passage.permit, patients.search)
    const [patient] = found.matches
    const record = patient ? await server.reader.everything(passage.permit, patient.id, wanted.search) : EMPTY
    const next = record.next !== null ? writeCursor(outer, record.next) : found.next && writeCursor(found.next, null)
    return releasePage(request, passage, 'Patient/$everything', wanted, { ...record, total: undefined, next })
  },
}

/** The general form of an operation: `POST` with Parameters, or with nothing (FHIR R4 section 3.2.0.2). */
function byPost(interaction: Interaction): Interaction {
  const handle: Interaction['handle'] = (server, request) =>
    interaction.handle(server, { ...request, query: withParameters(request) })
  return { ...interaction, method: 'POST', handle }
}

export const everythingByPost: Interaction = byPost(everything)
export const everythingOfAllByPost: Interaction = byPost(everythingOfAll)

function onePatient(cursor: string | null): string {
  return `_count=1${cursor === null ? '' : `&${CURSOR_PARAMETER}=${encodeURIComponent(cursor)}`}`
}

const EMPTY: SearchPage = { total: undefined, matches: [], included: [], next: null }

type Cursor = readonly [patients: string | null, record: string | null]

/** The place among the patients, and the one within the record of the patient there. */
function writeCursor(...cursor: Cursor): string {
  return toBase64url(utf8(JSON.stringify(cursor)))
}

/** @throws SalusError `search-cursor-malformed` */
function readCursor(text: string | null): Cursor {
  if (text === null) return [null, null]
  try {
    const cursor: unknown = JSON.parse(fromUtf8(fromBase64url(text)))
    if (
      Array.isArray(cursor) &&
      cursor.length === 2 &&
      cursor.every((part) => part === null || typeof part === 'string')
    ) {
      return [cursor[0], cursor[1]]
    }
  } catch {
    // Whatever is wrong with it, the cursor is not one of ours.
  }
  throw new SalusError('search-cursor-malformed', 'the cursor is not one of this server')
}
