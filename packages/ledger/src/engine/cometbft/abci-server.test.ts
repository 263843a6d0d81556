import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { concat, SalusError } from '@salus/core'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import { type AbciHandler, AbciServer } from './abci-server.ts'
import { FrameReader, frameHeader } from './framing.ts'

/** Sends `requests` at once and returns the replies that come before the connection ends or all are there. */
async function exchange(handle: AbciHandler, requests: readonly Uint8Array[], faults: unknown[]): Promise<Response[]> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-abci-'))
  const path = join(folder, 'abci.sock')
  const server = await AbciServer.listen(path, handle, (error) => faults.push(error))
  const socket = connect(path)
  const frames = new FrameReader()
  const replies: Response[] = []
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      for (const message of frames.push(chunk)) replies.push(Response.decode(message))
      if (replies.length === requests.length) resolve()
    })
    socket.on('close', () => resolve())
    socket.write(concat(...requests))
  })
  socket.destroy()
  await server.close()
  rmSync(folder, { recursive: true })
  return replies
}

function framed(request: Request): Uint8Array {
  const bytes = Request.encode(Request.fromPartial(request)).finish()
  return concat(frameHeader(bytes.length), bytes)
}

const echo = (message: string): Uint8Array => framed({ echo: { message } })

test('replies leave in the order of the requests, whichever is ready first', async () => {
  const handle: AbciHandler = async ({ echo: asked }) => {
    await new Promise((resolve) => setTimeout(resolve, asked?.message === 'slow' ? 50 : 1))
    return Response.fromPartial({ echo: { message: asked?.message ?? '' } })
  }
  const faults: unknown[] = []
  const flush = framed({ flush: {} })
  const replies = await exchange(handle, [echo('slow'), flush, echo('fast'), flush], faults)
  assert.deepEqual(
    replies.map((reply) => reply.echo?.message ?? Object.keys(reply).find((key) => reply[key as keyof Response])),
    ['slow', 'flush', 'fast', 'flush'],
  )
  assert.deepEqual(faults, [])
})

test('what a handler throws is told by its code alone', async () => {
  const faults: unknown[] = []
  const handle: AbciHandler = ({ echo: asked }) => {
    if (asked?.message === 'typed') throw new SalusError('some-code', 'with details')
    throw new Error('secret')
  }
  const replies = await exchange(handle, [echo('typed'), echo('other')], faults)
  assert.deepEqual(
    replies.map((reply) => reply.exception?.error),
    ['some-code', 'fault'],
  )
  assert.equal(faults.length, 2)
})

test('a connection that sends no frames is dropped', async () => {
  const faults: unknown[] = []
  const replies = await exchange(() => Response.fromPartial({}), [new Uint8Array(8).fill(0xff)], faults)
  assert.deepEqual(replies, [])
  assert.equal(faults.length, 1)
})
