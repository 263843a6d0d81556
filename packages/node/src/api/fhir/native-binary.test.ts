/** Binary in its native form, and browsers of other origins. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
  for (const id of ['p', 'q']) await server.call('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } })
})
after(() => server.close())

const CONTENT = Buffer.from([0, 0xff, 0x7f, 0x0a])

function send(method: 'POST' | 'PUT' | 'GET' | 'HEAD' | 'OPTIONS', url: string, headers: object, payload?: Buffer) {
  const request = { method, url: `/fhir${url}`, headers: { authorization: 'Bearer operator', ...headers } }
  return server.app.inject(payload === undefined ? request : { ...request, payload })
}

test('content becomes a Binary, and is served as what it is or as FHIR', async () => {
  const made = await send('POST', '/Binary', { 'content-type': 'image/png', accept: 'image/png' }, CONTENT)
  assert.equal(made.statusCode, 201, made.body)
  const { id, contentType, data } = made.json()
  assert.deepEqual([contentType, data], ['image/png', CONTENT.toString('base64')])
  for (const accept of ['image/png', 'image/avif,image/*,*/*;q=0.8', 'text/plain']) {
    const content = await send('GET', `/Binary/${id}`, { accept })
    assert.deepEqual([content.statusCode, content.headers['content-type']], [200, 'image/png'], accept)
    assert.deepEqual(content.rawPayload, CONTENT)
    assert.equal(content.headers['x-content-type-options'], 'nosniff')
    assert.equal(content.headers.etag, 'W/"1"')
  }
  for (const accept of ['*/*', 'application/fhir+json', 'text/plain, application/fhir+json']) {
    assert.equal((await send('GET', `/Binary/${id}`, { accept })).json().resourceType, 'Binary', accept)
  }
  assert.equal((await send('GET', `/Binary/${id}?_format=json`, { accept: 'image/png' })).json().id, id)
  assert.equal((await send('HEAD', `/Binary/${id}`, { accept: 'image/png' })).headers['content-type'], 'image/png')
  assert.equal((await send('GET', '/Binary', { accept: 'image/png' })).statusCode, 406)
  assert.equal((await send('GET', '/Patient/p', { accept: 'image/png' })).statusCode, 406)
  const absent = await send('GET', '/Binary/none', { accept: 'image/png' })
  assert.deepEqual([absent.statusCode, absent.json().resourceType], [404, 'OperationOutcome'])
})

test('an update takes the id of its URL', async () => {
  const type = { 'content-type': 'text/plain; charset=utf-8' }
  assert.equal((await send('PUT', '/Binary/note', type, Buffer.from('one'))).statusCode, 201)
  assert.equal((await send('PUT', '/Binary/note', type, Buffer.from('two'))).statusCode, 200)
  assert.equal((await send('GET', '/Binary/note', { accept: 'text/plain' })).body, 'two')
  assert.equal((await send('GET', '/Binary/note/_history/1', { accept: 'text/plain' })).body, 'one')
})

test('content is bounded and typed, and belongs to Binary alone', async () => {
  const large = await send('POST', '/Binary', { 'content-type': 'image/png' }, Buffer.alloc(4 * 1024 * 1024))
  assert.deepEqual([large.statusCode, large.json().issue[0].details.coding[0].code], [413, 'body-too-large'])
  for (const type of ['application/fhir+xml', 'nonsense', 'text/plain; a=é']) {
    assert.equal((await send('POST', '/Binary', { 'content-type': type }, CONTENT)).statusCode, 415, type)
  }
  assert.equal((await send('POST', '/Patient', { 'content-type': 'image/png' }, CONTENT)).statusCode, 415)
})

test('the security context decides whose record the content belongs to', async () => {
  const headers = { 'content-type': 'text/plain', 'x-security-context': 'Patient/p' }
  const { id } = (await send('POST', '/Binary', headers, CONTENT)).json()
  const read = await send('GET', `/Binary/${id}`, { accept: 'text/plain' })
  assert.equal(read.headers['x-security-context'], 'Patient/p')
  server.gate.filters.set('q', { op: 'all' })
  const other = await server.call('GET', `/Binary/${id}`, { as: 'member' })
  assert.deepEqual([other.status, codeOf(other)], [403, 'access-refused'])
  server.gate.filters.set('p', { op: 'all' })
  assert.equal((await server.call('GET', `/Binary/${id}`, { as: 'member' })).status, 200)
  server.gate.filters.clear()
  for (const context of ['http://elsewhere.example/fhir/Patient/p', 'nonsense']) {
    const refused = await send('POST', '/Binary', { ...headers, 'x-security-context': context }, CONTENT)
    assert.deepEqual([refused.statusCode, refused.json().resourceType], [400, 'OperationOutcome'])
  }
})

test('browsers of other origins may call, and see the headers of versions', async () => {
  const origin = 'https://app.example'
  const asked = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'if-match' }
  for (const path of ['', '/Patient/p']) {
    const headers = { ...asked, authorization: '' }
    const preflight = await send('OPTIONS', path, headers)
    assert.equal(preflight.statusCode, 204, preflight.body)
    assert.match(String(preflight.headers['access-control-allow-methods']), /PUT/)
    assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization.*If-Match.*Prefer/)
  }
  for (const [url, status] of [
    ['/Patient/p', 200],
    ['/Patient/none', 404],
    ['/no/such/path/at/all', 404],
  ] as const) {
    const reply = await send('GET', url, { origin })
    assert.equal(reply.statusCode, status)
    assert.equal(reply.headers['access-control-allow-origin'], '*')
    assert.equal(reply.headers['access-control-allow-credentials'], undefined)
    for (const name of ['ETag', 'Location', 'Content-Location', 'Last-Modified']) {
      assert.ok(String(reply.headers['access-control-expose-headers']).split(', ').includes(name))
    }
  }
  assert.equal((await send('GET', '/Patient/p', { authorization: '' })).headers['access-control-allow-origin'], '*')
})
