/**
 * What is forged: requests and transactions that a wallet did not sign so, consents that a patient did not give, and
 * documents that a custodian changed.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Command, fromHex, randomBytes, readGenesis, signPatientRequest, signTransaction, utf8 } from '@salus/core'
import { cleanLogs, refused } from './support/checks.ts'
import { check, type Demo, demoTest } from './support/demo.ts'
import type { Reply } from './support/fhir.ts'
import { sendRaw } from './support/raw.ts'
import { Session } from './support/session.ts'

const HOUR_MS = 60 * 60 * 1000
/** The wallets of the first three patients. */
type Sessions = readonly [Session, Session, Session]

demoTest('forgery', {}, async (t, demo) => {
  const sessions: Sessions = [await Session.open(demo, 0), await Session.open(demo, 1), await Session.open(demo, 2)]
  await check(t, 'requests that a wallet signed', () => badSignatures(demo, sessions))
  await check(t, 'transactions', () => badTransactions(demo, sessions))
  await check(t, 'a consent whose document is not the committed one', () => wrongDocument(demo, sessions))
  await check(t, 'a custodian that widens a consent in its database', () => widenedConsent(demo, sessions[2], 2))
  await check(t, 'the logs hold no failure and nobody’s name', () => cleanLogs(demo))
})

async function badSignatures(demo: Demo, sessions: Sessions): Promise<void> {
  const { id, url } = demo.member('riverside')
  const [{ wallet, fileId }, other] = sessions
  const path = '/patient/files'
  const sign = (change: Partial<Parameters<typeof signPatientRequest>[1]> = {}): Promise<string> =>
    signPatientRequest(wallet.identity(id), {
      audience: id,
      method: 'GET',
      path,
      timeMs: Date.now(),
      body: utf8(''),
      ...change,
    })
  const ask = (authorization: string, at = path): Promise<Reply> =>
    sendRaw(url, { path: at, headers: { authorization } })
  const once = await sign()
  assert.equal((await ask(once)).status, 200)
  refused(await ask(once), 401, 'patient-signature-replayed', 'replay')
  refused(await ask(await sign(), `${path}?x=1`), 401, 'patient-signature-path', 'another path')
  refused(await ask(await sign({ method: 'POST' })), 401, 'patient-signature-path', 'another method')
  refused(
    await ask(await sign({ audience: demo.member('lakeside').id })),
    401,
    'patient-signature-audience',
    'audience',
  )
  refused(await ask(await sign({ body: utf8('{}') })), 401, 'patient-signature-body', 'another body')
  refused(await ask(await sign({ timeMs: Date.now() - HOUR_MS })), 401, 'patient-signature-time', 'old')
  refused(await ask(await sign({ timeMs: Date.now() + HOUR_MS })), 401, 'patient-signature-time', 'early')
  const fresh = await sign()
  const flipped = `${fresh.slice(0, -3)}${fresh.at(-3) === 'A' ? 'B' : 'A'}${fresh.slice(-2)}`
  assert.match((await ask(flipped)).code ?? '', /^patient-signature-/)
  for (const value of ['', 'Salus-Patient', 'Salus-Patient a.b', `Salus-Patient ${'a'.repeat(9000)}`, 'Bearer x']) {
    const reply = await ask(value)
    assert.equal(reply.status, 401, `${value.slice(0, 30)}: ${reply.text}`)
  }
  const foreign = `/patient/files/${other.fileId}/log`
  refused(await ask(await sign({ path: foreign }), foreign), 403, 'not-the-patient', 'another patient’s log')
  const absent = `/patient/files/${'0'.repeat(32)}/log`
  refused(await ask(await sign({ path: absent }), absent), 403, 'not-the-patient', 'nobody’s log')
  const unknown = `/patient/files/${fileId}/log/999999/proof`
  refused(await ask(await sign({ path: unknown }), unknown), 404, 'disclosure-unknown', 'no such disclosure')
}

async function badTransactions(demo: Demo, sessions: Sessions): Promise<void> {
  const genesis = readGenesis(demo.genesis)
  const [mine, other] = sessions
  const granted = await mine.grant([])
  const { controller } = mine.wallet.consentKeys(mine.wallet.consent(granted).index)
  const revocation: Command = { contract: 'consent', command: 'revoke', args: [fromHex(granted)] }
  const make = (change: object, signer = controller): Promise<Uint8Array> =>
    signTransaction(
      {
        ledgerId: genesis.ledgerId,
        signer: signer.publicKey,
        nonce: randomBytes(16),
        expiresAtMs: Date.now() + 60_000,
        commands: [revocation],
        ...change,
      },
      signer,
    )
  const foreign = other.wallet.identity(demo.member('riverside').id)
  const valid = await make({})
  const changed = Uint8Array.from(valid)
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1
  const cases = {
    'another ledger': await make({ ledgerId: randomBytes(32) }),
    expired: await make({ expiresAtMs: Date.now() - 60_000 }),
    'too far ahead': await make({ expiresAtMs: Date.now() + 48 * HOUR_MS }),
    'a foreign key': await make({}, foreign),
    'another contract': await make({
      commands: [{ contract: 'record', command: 'open-file', args: [randomBytes(16)] }],
    }),
    'no such command': await make({ commands: [{ contract: 'consent', command: 'nothing', args: [] }] }),
    'wrong arguments': await make({ commands: [{ contract: 'consent', command: 'revoke', args: ['x'] }] }),
    'no such consent': await make({ commands: [{ contract: 'consent', command: 'revoke', args: [randomBytes(16)] }] }),
    'no commands': await make({ commands: [] }),
    'a changed signature': changed,
    garbage: randomBytes(200),
    empty: new Uint8Array(0),
  }
  for (const [what, transaction] of Object.entries(cases)) {
    const code = await failure(mine.client.submit(transaction))
    assert.match(code, /^[a-z0-9-]+$/, what)
    assert.doesNotMatch(code, /internal|unreachable/, what)
  }
  const lakeside = demo.exchange('lakeside', 'riverside')
  const path = `Observation?patient=${demo.patient(0).reference}&_summary=count`
  assert.equal((await lakeside.get(path)).status, 200, 'none of these revoked the consent')
  await mine.client.submit(valid)
  assert.equal((await lakeside.get(path)).status, 403)
  assert.match(await failure(mine.client.submit(valid)), /^[a-z-]+$/, 'a transaction counts once')
}

/** The code with which a call fails. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    return String((error as { code?: unknown }).code)
  }
  return 'NO FAILURE'
}

async function wrongDocument(demo: Demo, sessions: Sessions): Promise<void> {
  const [, session, other] = sessions
  const lakeside = demo.exchange('lakeside', 'riverside')
  const isRefused = async (): Promise<void> => {
    const reply = await lakeside.get(`Condition?patient=${demo.patient(1).reference}`)
    refused(reply, 403, 'access-refused', 'no consent came of it')
  }
  const { consent } = await session.prepare(['Observation'])
  const wider = consent.document.replace('"Observation"', '"Condition"')
  assert.equal(
    await failure(session.client.grant(session.fileId, { ...consent, document: wider })),
    'consent-commitment-mismatch',
  )
  await isRefused()
  const salted = await session.prepare(['Condition'])
  const salt = randomBytes(16)
  assert.equal(
    await failure(session.client.grant(session.fileId, { ...salted.consent, salt })),
    'consent-commitment-mismatch',
  )
  const unbound = await session.prepare(['Condition'])
  const binding = (await other.prepare(['Condition'])).consent.binding
  assert.equal(
    await failure(session.client.grant(session.fileId, { ...unbound.consent, binding })),
    'consent-binding-invalid',
  )
  const misplaced = await session.prepare(['Condition'])
  assert.equal(await failure(session.client.grant(other.fileId, misplaced.consent)), 'not-the-patient')
  await isRefused()
}

async function widenedConsent(demo: Demo, session: Session, index: number): Promise<void> {
  const id = await session.grant(['AllergyIntolerance'])
  const lakeside = demo.exchange('lakeside', 'riverside')
  const { reference } = demo.patient(index)
  assert.equal((await lakeside.get(`AllergyIntolerance?patient=${reference}`)).status, 200)
  assert.equal(await demo.stop(), 0)
  const database = new DatabaseSync(demo.state('members', 'riverside', 'node.db'))
  const row = database.prepare('SELECT * FROM consent_document WHERE consent_id = ?').get(id) as Record<string, unknown>
  const document = Buffer.from(row.document as Uint8Array | string).toString('utf8')
  const wider = document.replace('"AllergyIntolerance"', '"Observation"')
  assert.notEqual(wider, document)
  const value = typeof row.document === 'string' ? wider : Buffer.from(wider)
  database.prepare('UPDATE consent_document SET document = ? WHERE consent_id = ?').run(value, id)
  database.close()
  await demo.start()
  for (const type of ['Observation', 'AllergyIntolerance']) {
    const reply = await demo.exchange('lakeside', 'riverside').get(`${type}?patient=${reference}`)
    refused(reply, 403, 'access-refused', type)
  }
  const log = readFileSync(demo.state('members', 'riverside', 'node.log'), 'utf8')
  assert.match(log, /consent-tampered/)
}
