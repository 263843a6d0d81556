/**
 * What the network does with input that is wrong or meant to harm: it refuses with a stable code, tells nothing about
 * anybody, and never fails.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { cleanLogs, refused } from './support/checks.ts'
import { check, type Demo, demoTest } from './support/demo.ts'
import type { FhirClient, Reply } from './support/fhir.ts'
import { sendRaw } from './support/raw.ts'
import { Session } from './support/session.ts'

const REPEATS = 40
const STRICT = { prefer: 'handling=strict' }

demoTest('bad input', {}, async (t, demo) => {
  await check(t, 'tokens', () => badTokens(demo))
  await check(t, 'members and paths of the exchange', () => badExchanges(demo))
  await check(t, 'purposes and emergency reasons', () => badPurposes(demo))
  await check(t, 'searches beyond the limits', () => badSearches(demo))
  await check(t, 'bodies', () => badBodies(demo))
  await check(t, 'references into another patient’s record', () => crossReferences(demo))
  await check(t, 'a refusal does not tell whether there is such a patient', async (inner) =>
    sameRefusals(inner, demo, await Session.open(demo, 0)),
  )
  await check(t, 'the logs hold no failure and nobody’s name', () => cleanLogs(demo))
})

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
    refused(reply, 403, 'write-not-allowed', method)
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
    const isMissing = reason.trim() === ''
    const wanted = isMissing ? 'emergency-reason-required' : 'emergency-reason-malformed'
    refused(reply, isMissing ? 403 : 400, wanted, reason.slice(0, 10))
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

type BadBody = readonly [status: number, body: string | Buffer, path?: string, type?: string]

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
  const bodies: Readonly<Record<string, BadBody>> = {
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
    'the constructor': [422, `{${observation},"constructor":{"prototype":{"x":1}}}`],
    'another type': [400, '{"resourceType":"Patient"}'],
    'no such type': [400, '{"resourceType":"Nothing"}'],
    'missing elements': [422, '{"resourceType":"Observation"}'],
    'unknown element': [422, `{${observation},"colour":"red"}`],
    'wrong type': [422, `{${observation},"valueQuantity":"much"}`],
    XML: [415, '<Observation/>', '/fhir/Observation', 'application/fhir+xml'],
    'another charset': [415, `{${observation}}`, '/fhir/Observation', 'application/fhir+json; charset=latin1'],
    'a batch of too many': [413, batchOf(201), '/fhir'],
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
  const tooLarge = { 'content-length': String(6 * 1024 * 1024) }
  const headers = { authorization: `Bearer ${clinicianToken}`, 'content-type': 'application/fhir+json', ...tooLarge }
  const reply = await sendRaw(url, { method: 'POST', path: '/fhir/Observation', headers, body: Buffer.from('{}') })
  refused(reply, 413, 'body-too-large', 'a body that says that it is too large')
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
