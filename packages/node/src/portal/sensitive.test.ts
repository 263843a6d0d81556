import assert from 'node:assert/strict'
import test from 'node:test'
import { isSensitive } from './sensitive.ts'

test('what cannot be undone wants a recent proof, whatever its query says', () => {
  for (const url of ['/admin/patients/1/erase', '/admin/patients/1/erase?x=1', '/admin/keys/rotate', '/admin/users']) {
    assert.ok(isSensitive({ method: 'POST', url }), url)
  }
  assert.ok(!isSensitive({ method: 'GET', url: '/admin/users' }))
  assert.ok(!isSensitive({ method: 'POST', url: '/admin/invitations' }))
})
