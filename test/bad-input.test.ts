/**
 * What the network does with input that is wrong, forged or meant to harm: it refuses with a stable code, tells nothing
 * about anybody, and never fails.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { Patient } from '@medplum/fhirtypes'
import { type Command, fromHex, randomBytes, readGenesis, signPatientRequest, signTransaction, utf8 } from '@salus/core'
import { check, type Demo, startDemo } from './support/demo.ts'
import type { FhirClient, Reply, Stored } from './support/fhir.ts'
import { sendRaw } from './support/raw.ts'
import { Session } from './support/session.ts'

const HOUR_MS = 60 * 60 * 1000
const REPEATS = 40
/** The wallets of the first three patients. */
type Sessions = readonly [Session, Session, Session]
const STRICT = { prefer: 'handling=strict' }

test('bad input', async (t) => {
  const demo = await startDemo(t)
  const sessions: Sessions = [await Session.open(demo, 0), await Session.open(demo, 1), await Session.open(demo, 2)]
  await check(t, 'tokens', () => badTokens(demo))
  await check(t, 'members and paths of the exchange', () => badExchanges(demo))
  await check(t, 'purposes and emergency reasons', () => badPurposes(demo))
  await check(t, 'searches beyond the limits', () => badSearches(demo))
  await check(t, 'bodies', () => badBodies(demo))
  await check(t, 'references into another patient’s record', () => crossReferences(demo))
  await check(t, 'requests that a wallet signed', () => badSignatures(demo, sessions))
  await check(t, 'transactions', () => badTransactions(demo, sessions))
  await check(t, 'a consent whose document is not the committed one', () => wrongDocument(demo, sessions))
  await check(t, 'a refusal does not tell whether there is such a patient', (inner) =>
    sameRefusals(inner, demo, sessions[0]),
  )
  await check(t, 'a custodian that widens a consent in its database', () => widenedConsent(demo, sessions[2], 2))
  await check(t, 'the logs hold no failure and nobody’s name', () => cleanLogs(demo))
})

function refused(reply: Reply, status: number, code: string, what: string): void {
  assert.deepEqual([reply.status, reply.code], [status, code], `${what}: ${reply.text.slice(0, 300)}`)
}

async function badTokens(demo: Demo): Promise<void> {
  const { riverside, lakeside } = demo.network.members
  assert.ok(riverside && lakeside)
  const [header = '', payload = '', signature = ''] = riverside.clinicianToken.split('.')
  const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
  const wider = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const forged = Buffer.from(JSON.stringify({ ...wider, salus_kind: 'operator' })).toString('base64url')
  const values = {
    none: undefined,
    empty: '',
    word: 'token',
    basic: 'Basic dXNlcjpwYXNz',
    garbage: 'Bearer x',
    dots: 'Bearer a.b.c',
    long: `Bearer ${'a'.repeat(9000)}`,
    'of another member': `Bearer ${lakeside.clinicianToken}`,
    'of another administrator': `Bearer ${lakeside.adminToken}`,
    unsigned: `Bearer ${unsigned}.${payload}.`,
    forged: `Bearer ${header}.${forged}.${signature}`,
    cut: `Bearer ${riverside.clinicianToken.slice(0, -4)}`,
  }
  for (const [what, authorization] of Object.entries(values)) {
    for (const path of ['/fhir/Patient', '/admin/outbox', '/exchange/lakeside/fhir/Patient']) {
      const headers = authorization === undefined ? {} : { authorization }
      const reply = await sendRaw(riverside.url, { path, headers })
      assert.equal(reply.status, 401, `${what} at ${path}: ${reply.text}`)
      assert.match(reply.code ?? '', /^token-/, what)
      assert.ok(reply.headers.has('www-authenticate'), what)
    }
  }
  const clinician = { authorization: `Bearer ${riverside.clinicianToken}` }
  refused(await sendRaw(riverside.url, { path: '/admin/outbox', headers: clinician }), 403, 'not-an-operator', 'admin')
  const erase = {
    method: 'POST',
    path: `/admin/patients/${demo.patient(0).id}/erase`,
    body: Buffer.from('{"reason":"x"}'),
  }
  const json = { ...clinician, 'content-type': 'application/json' }
  refused(await sendRaw(riverside.url, { ...erase, headers: json }), 403, 'not-an-operator', 'erase')
}

async function badExchanges(demo: Demo): Promise<void> {
  const { url, clinicianToken } = demo.member('lakeside')
  const headers = { authorization: `Bearer ${clinicianToken}` }
  for (const name of ['nowhere', 'lakeside', 'RIVERSIDE', '%00', 'riverside%2f..', '__proto__', 'x'.repeat(5000)]) {
    const reply = await sendRaw(url, { path: `/exchange/${name}/fhir/Patient`, headers })
    assert.ok([400, 404].includes(reply.status), `${name}: ${reply.status} ${reply.text}`)
  }
  const escapes = [
    '../admin/outbox',
    '..%2fadmin/outbox',
    '%2e%2e/admin/outbox',
    '%2E%2e%2Fadmin/outbox',
    './../../admin/outbox',
    'Patient/../../admin/outbox',
    '..%5cadmin%5coutbox',
    '..\\admin\\outbox',
    '%252e%252e/admin/outbox',
    '..;/admin/outbox',
    '/admin/outbox',
    '/../ledger/status',
    '.%00./admin/outbox',
    '@127.0.0.1/admin/outbox',
  ]
  for (const path of escapes) {
    const reply = await sendRaw(url, { path: `/exchange/riverside/fhir/${path}`, headers })
    assert.ok(reply.status >= 400 && reply.status < 500, `${path}: ${reply.status} ${reply.text}`)
    assert.doesNotMatch(reply.text, /"waiting"|"stateRoot"/, path)
  }
  const methods = ['PUT', 'PATCH', 'DELETE']
  for (const method of methods) {
    const reply = await sendRaw(url, { method, path: `/exchange/riverside/fhir/${demo.patient(0).reference}`, headers })
    assert.ok([404, 405].includes(reply.status), `${method}: ${reply.status}`)
  }
}

async function badPurposes(demo: Demo): Promise<void> {
  const { url, clinicianToken } = demo.member('lakeside')
  const path = `/exchange/riverside/fhir/${demo.patient(0).reference}`
  const ask = (headers: Record<string, string>): Promise<Reply> =>
    sendRaw(url, { path, headers: { authorization: `Bearer ${clinicianToken}`, ...headers } })
  for (const purpose of ['a b', '|', 'x|', '|x', 'a|b|c', 'x'.repeat(300), '\u00e4 b']) {
    refused(await ask({ 'x-purpose-of-use': purpose }), 400, 'purpose-malformed', purpose)
  }
  const forbidden = { 'x-purpose-of-use': 'HRESCH', 'x-emergency-reason': 'because' }
  refused(await ask(forbidden), 400, 'purpose-malformed', 'a reason without BTG')
  for (const purpose of ['NOSUCHCODE', 'http://example.org|TREAT', 'treat', 'HRESCH']) {
    refused(await ask({ 'x-purpose-of-use': purpose }), 403, 'access-refused', purpose)
  }
  for (const reason of ['', ' \t ', 'x'.repeat(501)]) {
    const reply = await ask({ 'x-purpose-of-use': 'BTG', 'x-emergency-reason': reason })
    assert.equal(reply.status, 400, `${reason.slice(0, 10)}: ${reply.text}`)
    assert.match(reply.code ?? '', /^emergency-reason-/)
  }
  const injected = await injectHeaders(demo)
  assert.deepEqual(injected, [400, 400, 400])
}

/** Control characters in a header, which only a client of one's own can send. */
async function injectHeaders(demo: Demo): Promise<number[]> {
  const { connect } = await import('node:net')
  const { url, clinicianToken } = demo.member('lakeside')
  const { hostname, port } = new URL(url)
  const send = (reason: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `GET /exchange/riverside/fhir/${demo.patient(0).reference} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
            `Connection: close\r\nAuthorization: Bearer ${clinicianToken}\r\nX-Purpose-Of-Use: BTG\r\n` +
            `X-Emergency-Reason: ${reason}\r\n\r\n`,
          'latin1',
        )
      })
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])))
    })
  return [await send('a\u0000b'), await send('a\u0007b'), await send('a\u0085b')]
}

async function badSearches(demo: Demo): Promise<void> {
  const own = demo.own('riverside', 'clinician')
  const { reference } = demo.patient(0)
  const many = (count: number, part: (i: number) => string, by = '&'): string =>
    Array.from({ length: count }, (_, i) => part(i)).join(by)
  const queries = [
    `Observation?code=${'x'.repeat(17_000)}`,
    `Observation?${many(65, (i) => `code=${i}`)}`,
    `Observation?code=${many(257, (i) => String(i), ',')}`,
    `Observation?${many(17, () => '_include=Observation:encounter')}`,
    `Observation?${many(6, () => 'derived-from:Observation', '.')}.code=x`,
    'Observation?_has:Observation:derived-from:_has:Observation:derived-from:_has:Observation:derived-from:' +
      '_has:Observation:derived-from:_has:Observation:derived-from:code=x',
    'Observation?date=yesterday',
    'Observation?date=2020-13-45',
    'Observation?value-quantity=gtmuch',
    'Observation?_count=-1',
    'Observation?_count=many',
    'Observation?nothing-like-it=1',
    'Observation?_summary=some',
    'Observation?_cursor=AAAA',
    'Observation?_total=guess',
    'Observation?_has:Nothing:like:it=1',
    'Observation?_include=Nothing:like',
    'Observation?code:nothing=1',
    'Observation/_history?_since=then',
    'Observation/_history?_cursor=AAAA',
    'Patient/$everything?_cursor=AAAA',
    `${reference}/$everything?_cursor=AAAA`,
    `${reference}/$everything?_since=then`,
    'Nothing',
    'Nothing/1',
    'Observation/a_b',
    `Observation/${'a'.repeat(65)}`,
    `Observation/1/_history/${'9'.repeat(65)}`,
    'Observation/1/2/3/4/5',
    '$nothing',
    `${'x/'.repeat(200)}`,
  ]
  for (const query of queries) {
    const reply = await own.get(query, STRICT)
    assert.ok(
      reply.status >= 400 && reply.status < 500,
      `${query.slice(0, 100)}: ${reply.status} ${reply.text.slice(0, 300)}`,
    )
    // Node itself refuses a head of more than 16 KiB, without a body.
    if (reply.status !== 431) assert.ok(reply.code, query.slice(0, 100))
    assert.ok(reply.text.length < 4096, 'the answer does not repeat the question')
  }
  for (const odd of [
    'Observation?code=%00',
    'Observation?code=%FF%FE',
    "Observation?code=' OR 1=1 --",
    'Observation?code=%F0%9F%92%8A',
  ]) {
    const reply = await own.get(odd)
    assert.ok(reply.status === 200 || reply.status === 400, `${odd}: ${reply.status}`)
    if (reply.status === 200) assert.equal((reply.json as { total?: number }).total, 0, odd)
  }
  const post = await own.post('Observation/_search', `code=${'x'.repeat(17_000)}`)
  assert.equal(post.status, 400, post.text)
}

async function badBodies(demo: Demo): Promise<void> {
  const { url, clinicianToken } = demo.member('riverside')
  const send = (body: string | Buffer, path = '/fhir/Observation', type = 'application/fhir+json'): Promise<Reply> =>
    sendRaw(url, {
      method: 'POST',
      path,
      headers: { authorization: `Bearer ${clinicianToken}`, 'content-type': type },
      body: Buffer.from(body),
    })
  const observation = '"resourceType":"Observation","status":"final","code":{"text":"x"}'
  const bodies: Readonly<
    Record<string, readonly [status: number, body: string | Buffer, path?: string, type?: string]>
  > = {
    'no JSON': [400, 'resourceType'],
    'cut JSON': [400, `{${observation}`],
    empty: [400, ''],
    array: [400, '[]'],
    null: [400, 'null'],
    'duplicate key': [400, `{${observation},"status":"amended"}`],
    'duplicate key, escaped': [400, `{${observation},"st\\u0061tus":"amended"}`],
    'invalid UTF-8': [
      400,
      Buffer.concat([Buffer.from(`{${observation},"id":"`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    ],
    'deep arrays': [400, `{${observation},"extension":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    'deep objects': [400, `{${observation},"extension":${'{"extension":['.repeat(500)}${']}'.repeat(500)}}`],
    prototype: [400, `{${observation},"__proto__":{"admin":true}}`],
    constructor: [422, `{${observation},"constructor":{"prototype":{"x":1}}}`],
    'another type': [400, '{"resourceType":"Patient"}'],
    'no such type': [400, '{"resourceType":"Nothing"}'],
    'missing elements': [422, '{"resourceType":"Observation"}'],
    'unknown element': [422, `{${observation},"colour":"red"}`],
    'wrong type': [422, `{${observation},"valueQuantity":"much"}`],
    XML: [415, '<Observation/>', '/fhir/Observation', 'application/fhir+xml'],
    'another charset': [415, `{${observation}}`, '/fhir/Observation', 'application/fhir+json; charset=latin1'],
    'too large': [413, `{${observation},"valueString":"${'x'.repeat(6 * 1024 * 1024)}"}`],
    'a batch of too many': [413, batchOf(201), '/fhir', 'application/fhir+json'],
    'a bundle in a batch': [
      200,
      '{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Bundle","type":"batch"},"request":{"method":"POST","url":""}}]}',
      '/fhir',
    ],
    'no bundle': [400, `{${observation}}`, '/fhir'],
    'a bundle of another type': [400, '{"resourceType":"Bundle","type":"collection"}', '/fhir'],
  }
  for (const [what, [status, body, path, type]] of Object.entries(bodies)) {
    const reply = await send(body, path, type)
    assert.equal(reply.status, status, `${what}: ${reply.text.slice(0, 300)}`)
    assert.ok(reply.text.length < 8192, what)
  }
  const enrolments = [
    '',
    '{}',
    '{"patient":1}',
    `{"patient":"${demo.patient(0).reference}","key":{"scheme":"rsa","bytes":""}}`,
  ]
  for (const body of enrolments) {
    const reply = await sendRaw(url, {
      method: 'POST',
      path: '/admin/enrolments',
      headers: { authorization: `Bearer ${demo.member('riverside').adminToken}`, 'content-type': 'application/json' },
      body: Buffer.from(body),
    })
    assert.equal(reply.status, 400, `${body}: ${reply.text}`)
  }
}

function batchOf(count: number): string {
  const entry = Array.from({ length: count }, () => ({ request: { method: 'GET', url: 'Patient/1' } }))
  return JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
}

async function crossReferences(demo: Demo): Promise<void> {
  const clinician = demo.own('riverside', 'clinician')
  const [one, other] = [demo.patient(0).reference, demo.patient(1).reference]
  const bundle = await clinician.found(`Encounter?patient=${other}&_count=1`)
  const encounter = `Encounter/${bundle.entry?.[0]?.resource?.id}`
  const resource = {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'cross' },
    subject: { reference: one },
    encounter: { reference: encounter },
  }
  refused(await clinician.write('POST', 'Observation', resource), 422, 'cross-patient-reference', 'create')
  for (const type of ['transaction', 'batch']) {
    const entry = [{ resource, request: { method: 'POST', url: 'Observation' } }]
    const reply = await clinician.write('POST', '', { resourceType: 'Bundle', type, entry })
    if (type === 'transaction') refused(reply, 422, 'cross-patient-reference', type)
    else assert.match(reply.text, /"status":"422/)
  }
  assert.equal((await clinician.found('Observation?code:text=cross')).total, 0)
}

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

async function sameRefusals(t: TestContext, demo: Demo, session: Session): Promise<void> {
  const lakeside = demo.exchange('lakeside', 'riverside')
  const admin = demo.own('riverside', 'admin')
  const { id } = demo.patient(3)
  const nobody = '0b8a6f9e-5b1c-4c7a-9d55-3f1c7ad0a001'
  const observation = (await admin.found(`Observation?patient=Patient/${id}&_count=1`)).entry?.[0]?.resource
    ?.id as string
  const pairs: Record<string, readonly [there: string, absent: string]> = {
    read: [`Patient/${id}`, `Patient/${nobody}`],
    vread: [`Patient/${id}/_history/1`, `Patient/${nobody}/_history/1`],
    history: [`Patient/${id}/_history`, `Patient/${nobody}/_history`],
    search: [`Observation?patient=${id}`, `Observation?patient=${nobody}`],
    'search by subject': [`Condition?subject=Patient/${id}`, `Condition?subject=Patient/${nobody}`],
    'search by id': [`Patient?_id=${id}`, `Patient?_id=${nobody}`],
    compartment: [`Patient/${id}/Observation`, `Patient/${nobody}/Observation`],
    everything: [`Patient/${id}/$everything`, `Patient/${nobody}/$everything`],
    'a resource': [`Observation/${observation}`, `Observation/${nobody}`],
  }
  const compare = async (state: string): Promise<void> => {
    for (const [what, [there, absent]] of Object.entries(pairs)) {
      const [a, b] = [await lakeside.get(there), await lakeside.get(absent)]
      if (a.status !== 200) assert.equal(a.status, 403, `${what}, ${state}: ${a.text}`)
      assert.deepEqual(comparable(a, id), comparable(b, nobody), `${what}, ${state}`)
    }
  }
  await compare('without any consent')
  const consent = await session.grant(['Observation'])
  await compare('with a consent of somebody else')
  for (const [what, [there, absent]] of Object.entries(pairs)) {
    const [a, b] = [await medianMs(lakeside, there), await medianMs(lakeside, absent)]
    t.diagnostic(`median ${what}: ${a.toFixed(2)} ms where there is a patient, ${b.toFixed(2)} ms where there is none`)
  }
  await session.revoke(consent)
}

/** Status, body and headers, without the date, the time of the answer and what the question itself named. */
function comparable({ status, headers, text }: Reply, asked: string): unknown {
  const body = text.replaceAll(asked, 'ASKED').replace(/"lastUpdated":"[^"]+"/, '')
  const kept = [...headers].filter(([name]) => name !== 'date')
  return { status, body, headers: kept }
}

async function medianMs(client: FhirClient, path: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    const startedAtMs = performance.now()
    await client.get(path)
    times.push(performance.now() - startedAtMs)
  }
  return times.sort((a, b) => a - b)[REPEATS >> 1] as number
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

async function cleanLogs(demo: Demo): Promise<void> {
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
