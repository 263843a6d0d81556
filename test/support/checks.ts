/** Checks that tests of wrong input share. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Patient } from '@medplum/fhirtypes'
import type { Demo } from './demo.ts'
import type { Reply, Stored } from './fhir.ts'

/** The reply is this refusal. */
export function refused(reply: Reply, status: number, code: string, what: string): void {
  assert.deepEqual([reply.status, reply.code], [status, code], `${what}: ${reply.text.slice(0, 300)}`)
}

/** The nodes' logs tell of no failure and name no patient. */
export async function cleanLogs(demo: Demo): Promise<void> {
  const admin = demo.own('riverside', 'admin')
  const patients = await Promise.all(
    demo.network.patients.map(({ files }) => admin.found<Patient & Stored>(files.riverside as string)),
  )
  const words = patients.flatMap(({ id, name, identifier, telecom, birthDate }) => [
    id,
    ...(name ?? []).map(({ family }) => family),
    ...(identifier ?? []).map(({ value }) => value),
    ...(telecom ?? []).map(({ value }) => value),
    birthDate,
  ])
  for (const member of ['riverside', 'lakeside', 'hilltop']) {
    const log = readFileSync(demo.state('members', member, 'node.log'), 'utf8')
    for (const word of words) assert.equal(log.includes(word as string), false, `${member} logs ${word}`)
    const failures = log.split('\n').filter((line) => /"msg":"(failed|a FHIR request failed)"/.test(line))
    assert.deepEqual(failures, [], member)
  }
}
