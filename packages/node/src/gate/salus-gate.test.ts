import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSalusError } from '@salus/core'
import { CUSTODIAN, compiled, LAKESIDE, reason } from '../../test/consents.ts'
import type { Principal } from '../auth/principal.ts'
import { type Consents, decide } from '../consent/decide.ts'
import { openSqlite } from '../db/sqlite.ts'
import { Journal } from '../disclosure/journal.ts'
import { FILES_DDL, Files } from '../files/files.ts'
import { SEARCH_FILES_MAX } from '../limits.ts'
import type { Ask } from './gate.ts'
import { SalusGate } from './salus-gate.ts'

const NAMES = Array.from({ length: SEARCH_FILES_MAX + 1 }, (_, i) => `p${i}`)
const LIVE = [{ id: '01', policy: compiled({ type: 'permit' }) }]
const CONSENTS: Consents = { live: () => LIVE, permitting: () => NAMES, denying: () => NAMES }

function principal(member: string): Principal {
  const kind = member === CUSTODIAN ? 'practitioner' : 'member'
  return { kind, member, practitioner: 'Practitioner/x', scopes: [], asserted: null }
}

function ask(type: string, id: string | null): Ask {
  const purpose = { code: reason('TREAT'), emergency: null }
  return {
    interaction: id === null ? 'search-type' : 'read',
    patients: [],
    instance: id === null ? null : { type, id },
    purpose,
  }
}

test('the bound on records of a search does not reach reads of what belongs to nobody', async () => {
  const database = openSqlite(':memory:', [FILES_DDL])
  const journal = await Journal.open(':memory:', { onTrouble: () => {} })
  try {
    const gate = new SalusGate({
      ...{ custodian: CUSTODIAN, files: await Files.load(database), journal, now: Date.now },
      decider: {
        decide: (request, patients) => decide(request, patients, CONSENTS, { memberActive: true, lagMs: 0 }),
      },
      ownersOf: async (_type, id) => (id === 'absent' ? undefined : []),
    })
    const refusal = async (wanted: Ask): Promise<unknown> => {
      const passage = await gate.open(principal(LAKESIDE), wanted)
      return passage.notFound()
    }
    const code = (expected: string) => (error: unknown) => isSalusError(error, expected)
    await assert.rejects(refusal(ask('Patient', null)), code('search-too-broad'))
    await assert.rejects(refusal(ask('Organization', 'o')), code('access-refused'))
    await assert.rejects(refusal(ask('Organization', 'absent')), code('access-refused'))
    const inside = await gate.open(principal(CUSTODIAN), ask('Organization', 'o'))
    assert.equal(inside.permit.scope.general, true)
  } finally {
    await journal.close()
    await database.close()
  }
})
