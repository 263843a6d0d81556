import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSpelled } from '../../vault/fhir-json.ts'
import { applyPatch } from './json-patch.ts'

function patched(document: object, ...patch: readonly unknown[]): unknown {
  applyPatch(document, patch)
  return document
}

test('the examples of RFC 6902, appendix A', () => {
  assert.deepEqual(patched({ foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }), { baz: 'qux', foo: 'bar' })
  assert.deepEqual(patched({ foo: ['bar', 'baz'] }, { op: 'add', path: '/foo/1', value: 'qux' }), {
    foo: ['bar', 'qux', 'baz'],
  })
  assert.deepEqual(patched({ foo: ['a', 'b', 'c'] }, { op: 'remove', path: '/foo/1' }), { foo: ['a', 'c'] })
  assert.deepEqual(patched({ baz: 'qux' }, { op: 'replace', path: '/baz', value: 'boo' }), { baz: 'boo' })
  assert.deepEqual(patched({ foo: { bar: 'x' }, qux: {} }, { op: 'move', from: '/foo/bar', path: '/qux/thud' }), {
    foo: {},
    qux: { thud: 'x' },
  })
  assert.deepEqual(patched({ foo: ['a', 'b'] }, { op: 'move', from: '/foo/1', path: '/foo/0' }), { foo: ['b', 'a'] })
  assert.deepEqual(
    patched({ 'a/b': 1, '~': 2 }, { op: 'test', path: '/a~1b', value: 1 }, { op: 'remove', path: '/~0' }),
    {
      'a/b': 1,
    },
  )
  assert.deepEqual(patched({ foo: ['bar'] }, { op: 'add', path: '/foo/-', value: ['x'] }), { foo: ['bar', ['x']] })
})

test('numbers keep their spelling, wherever an operation takes them', () => {
  const spelled = (text: string, patch: string): string => {
    return applyPatch(parseSpelled(text) as object, parseSpelled(patch))
  }
  const quantity = '{"a":{"value":1.50},"b":[{"value":2.0}],"c":3.00}'
  assert.equal(spelled(quantity, '[{"op":"replace","path":"/a/value","value":7.70}]'), quantity.replace('1.50', '7.70'))
  assert.equal(spelled(quantity, '[{"op":"replace","path":"/a/value","value":1.5}]'), quantity.replace('1.50', '1.5'))
  assert.equal(spelled('{}', '[{"op":"add","path":"/x","value":{"value":[0.10,5]}}]'), '{"x":{"value":[0.10,5]}}')
  assert.equal(spelled('{"a":1.50}', '[{"op":"move","from":"/a","path":"/b"}]'), '{"b":1.50}')
  assert.equal(spelled('{"a":1.50}', '[{"op":"copy","from":"/a","path":"/b"}]'), '{"a":1.50,"b":1.50}')
  const copy = '[{"op":"copy","from":"/b/0","path":"/b/-"},{"op":"replace","path":"/b/0/value","value":2.00}]'
  assert.equal(spelled('{"b":[{"value":2.0}]}', copy), '{"b":[{"value":2.00},{"value":2.0}]}')
  const list = '[{"op":"add","path":"/a/0","value":9.0},{"op":"remove","path":"/a/1"}]'
  assert.equal(spelled('{"a":[1,2.0,3.00]}', list), '{"a":[9.0,2.0,3.00]}')
  // A test compares numbers by their value (RFC 6902, section 4.6), and a number has no members.
  assert.equal(spelled('{"a":[1.50]}', '[{"op":"test","path":"/a","value":[1.5]}]'), '{"a":[1.50]}')
  assert.throws(() => spelled('{"a":1.50}', '[{"op":"test","path":"/a","value":1.51}]'), { code: 'patch-test-failed' })
  for (const op of ['add', 'remove', 'test', 'replace']) {
    const reach = `[{"op":"${op}","path":"/a/rawJSON","value":1}]`
    assert.throws(() => spelled('{"a":1.50}', reach), { code: 'patch-path-missing' })
  }
})

test('what cannot be applied is refused', () => {
  const code = (...patch: readonly unknown[]): unknown => {
    try {
      return patched({ foo: ['bar'] }, ...patch)
    } catch (error) {
      return (error as { code: unknown }).code
    }
  }
  assert.equal(code({ op: 'test', path: '/foo/0', value: 'x' }), 'patch-test-failed')
  assert.equal(code({ op: 'add', path: '/baz/bat', value: 1 }), 'patch-path-missing')
  assert.equal(code({ op: 'add', path: '/foo/2', value: 1 }), 'patch-path-missing')
  assert.equal(code({ op: 'replace', path: '/__proto__/x', value: 1 }), 'patch-path-missing')
  assert.equal(code({ op: 'replace', path: '', value: {} }), 'patch-malformed')
  assert.equal(code({ op: 'move', from: '/foo', path: '/foo/0' }), 'patch-malformed')
})

test('copies and moves into one another cannot grow without bound', () => {
  const doubling = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }))
  assert.throws(() => applyPatch({ a: [1] }, doubling), { code: 'patch-too-large' })
  const deep = `/${Array.from({ length: 20_000 }, () => 'a').join('/')}`
  const nested: Record<string, unknown> = {}
  let inner = nested
  for (let depth = 0; depth < 20_000; depth++) {
    inner.a = {}
    inner = inner.a as Record<string, unknown>
  }
  assert.throws(() => applyPatch({ a: nested.a, b: 1 }, [{ op: 'copy', from: '/a', path: `${deep}` }]), {
    code: 'patch-too-large',
  })
})

test('any patch is applied or refused', () => {
  const operation = fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: fc.constantFrom('/a', '/a/0', '/a/-', '/b/c', '/__proto__', '', '/'),
      from: fc.constantFrom('/a', '/b', '/a/0'),
      value: fc.jsonValue(),
    },
    { requiredKeys: ['op', 'path'] },
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 8 }), (patch) => {
      try {
        applyPatch({ a: [1, 2], b: { c: 3 } }, patch)
      } catch (error) {
        assert.match((error as { code: string }).code, /^patch-/)
      }
      assert.equal(({} as Record<string, unknown>).value, undefined)
    }),
  )
})
