import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkpointText, ed25519PublicKey, ed25519Sign, isSalusError, noteSignatureLine, utf8 } from '@salus/core'
import fc from 'fast-check'
import { seed, World } from '../test/world.ts'
import { openCheckpoint, withoutWitnesses } from './checkpoint.ts'

const world = new World()
const note = world.checkpoint()
const witness = (text: string, name = 'witness.example/w1') =>
  noteSignatureLine(name, ed25519PublicKey(seed(name)), ed25519Sign(seed(name), utf8(text)))
const fails =
  (...codes: string[]) =>
  (error: unknown) =>
    codes.some((code) => isSalusError(error, code))

test('a checkpoint opens to what was signed', () => {
  const checkpoint = openCheckpoint(note, world.genesis)
  assert.equal(checkpoint.height, world.height)
  assert.equal(checkpoint.timeMs, world.timeMs)
  assert.equal(`${checkpointText(checkpoint)}\n${note.split('\n\n')[1]}`, note)
})

test('witnesses may sign too, in any place, and can be left out', () => {
  const [text, own] = note.split('\n\n') as [string, string]
  const line = witness(`${text}\n`)
  for (const witnessed of [`${note}${line}\n`, `${text}\n\n${line}\n${own}`]) {
    assert.deepEqual(openCheckpoint(witnessed, world.genesis), openCheckpoint(note, world.genesis))
    assert.equal(withoutWitnesses(witnessed, world.genesis), note)
  }
})

test("another ledger's checkpoint and another key's signature are refused", () => {
  assert.throws(() => openCheckpoint(note, new World('other').genesis), fails('checkpoint-origin'))
  assert.throws(() => openCheckpoint(world.checkpoint('thief'), world.genesis), fails('checkpoint-signature'))
  const [text] = note.split('\n\n')
  assert.throws(
    () => openCheckpoint(`${text}\n\n${witness(`${text}\n`)}\n`, world.genesis),
    fails('checkpoint-signature'),
  )
  assert.throws(() => openCheckpoint(`${note}${note.split('\n\n')[1]}`, world.genesis), fails('checkpoint-signature'))
})

test('other spellings are refused', () => {
  const spell = (from: string | RegExp, to: string) => {
    const changed = note.replace(from, to)
    assert.notEqual(changed, note)
    assert.throws(() => openCheckpoint(changed, world.genesis), fails('checkpoint-malformed', 'checkpoint-signature'))
  }
  spell('height 0', 'height 00')
  spell('height 0', 'height 9999999999999999')
  spell('height 0\ntime', 'time 1\nheight 0\ntime')
  spell('\n\n', '\n\n\n')
  spell('\n\n', '\n')
  spell('— ', '- ')
  spell(/\n$/, '')
  spell(/\n$/, '\n\n')
  spell(/\n$/, ' \n')
  spell('\n', '\r\n')
  assert.throws(() => openCheckpoint(note + 'x'.repeat(20_000), world.genesis), fails('checkpoint-malformed'))
})

test('every changed byte is noticed', () => {
  const bytes = Buffer.from(note)
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ flip
      assert.throws(
        () => openCheckpoint(changed.toString(), world.genesis),
        fails('checkpoint-malformed', 'checkpoint-origin', 'checkpoint-signature'),
      )
    }
  }
})

test('arbitrary text is refused with a typed error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      assert.throws(() => openCheckpoint(text, world.genesis), fails('checkpoint-malformed'))
    }),
  )
})
