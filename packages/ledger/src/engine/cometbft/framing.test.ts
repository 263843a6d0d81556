import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat } from '@salus/core'
import fc from 'fast-check'
import { FRAME_BYTES_MAX, FrameReader, frameHeader } from './framing.ts'

test('frames come out as they went in, wherever the chunks are cut', () => {
  const message = fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ minLength: 120, maxLength: 300 }))
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(2000)), (messages, cuts) => {
      const bytes = concat(...messages.flatMap((each) => [frameHeader(each.length), each]))
      const ends = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b)
      const reader = new FrameReader()
      const read: Uint8Array[] = []
      let from = 0
      for (const end of ends) {
        read.push(...reader.push(bytes.subarray(from, end)))
        from = end
      }
      assert.deepEqual(
        read.map((each) => [...each]),
        messages.map((each) => [...each]),
      )
    }),
  )
})

test('a long message arrives in many chunks', () => {
  const message = new Uint8Array(5_000_000).fill(7)
  const bytes = concat(frameHeader(message.length), message, frameHeader(1), Uint8Array.of(9))
  const reader = new FrameReader()
  const read: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 65_536) read.push(...reader.push(bytes.subarray(at, at + 65_536)))
  assert.deepEqual(
    read.map(({ length }) => length),
    [5_000_000, 1],
  )
})

test('a frame that is too long is refused before it arrives', () => {
  assert.throws(() => new FrameReader().push(frameHeader(FRAME_BYTES_MAX + 1)), { code: 'frame-malformed' })
  assert.throws(() => new FrameReader().push(new Uint8Array(5).fill(0xff)), { code: 'frame-malformed' })
})
