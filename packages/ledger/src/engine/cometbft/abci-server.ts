/**
 * The server of the ABCI socket (CometBFT's "Tendermint Socket Protocol"). CometBFT opens four connections, for
 * queries, snapshots, its mempool and consensus, and matches replies to requests by their order alone. So every reply
 * has a slot from the moment its request arrives, and leaves when all before it have left. What is ready is written
 * in one piece. CometBFT ends itself when a connection drops, and so does a connection here when its peer errs.
 */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { isSalusError } from '@salus/core'
import { Request, Response } from 'cosmjs-types/tendermint/abci/types'
import { FrameReader, frameHeader } from './framing.ts'

/** Requests of one connection that may wait for their reply before no more are read. */
const PENDING_MAX = 20_000

/** The connection a request came on; what is in work for a closed one must come to nothing. */
export interface AbciConnection {
  readonly isClosed: boolean
}

/** Answers a request. What it throws is told CometBFT as an exception, which halts it. */
export type AbciHandler = (request: Request, connection: AbciConnection) => Response | Promise<Response>

export class AbciServer {
  readonly #server: Server
  readonly #connections = new Set<Connection>()

  private constructor(server: Server) {
    this.#server = server
  }

  /** Listens on a unix socket; `onFault` hears what made a handler throw. */
  static listen(path: string, handle: AbciHandler, onFault: (error: unknown) => void): Promise<AbciServer> {
    rmSync(path, { force: true })
    const server = createServer()
    const abci = new AbciServer(server)
    server.on('connection', (socket) => {
      const connection = new Connection(socket, handle, onFault)
      abci.#connections.add(connection)
      socket.on('close', () => abci.#connections.delete(connection))
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, () => resolve(abci))
    })
  }

  /** Drops every connection and ends. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.drop()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** A place for a reply: null until it is there. */
interface Slot {
  reply: Uint8Array | null
}

const FLUSHED = Response.encode(Response.fromPartial({ flush: {} })).finish()

class Connection implements AbciConnection {
  readonly #socket: Socket
  readonly #handle: AbciHandler
  readonly #onFault: (error: unknown) => void
  readonly #frames = new FrameReader()
  #slots: Slot[] = []
  #isWriting = false
  isClosed = false

  constructor(socket: Socket, handle: AbciHandler, onFault: (error: unknown) => void) {
    this.#socket = socket
    this.#handle = handle
    this.#onFault = onFault
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', () => this.drop())
    socket.on('close', () => this.drop())
  }

  drop(): void {
    this.isClosed = true
    this.#slots = []
    this.#socket.destroy()
  }

  #read(chunk: Uint8Array): void {
    try {
      for (const message of this.#frames.push(chunk)) this.#answer(Request.decode(message))
    } catch (error) {
      this.#onFault(error)
      this.drop()
      return
    }
    if (this.#slots.length > PENDING_MAX) this.#socket.pause()
  }

  #answer(request: Request): void {
    const slot: Slot = { reply: null }
    this.#slots.push(slot)
    const fill = (response: Response): void => {
      slot.reply = Response.encode(response).finish()
      this.#scheduleWrite()
    }
    const fail = (error: unknown): void => {
      if (!this.isClosed) this.#onFault(error)
      fill(Response.fromPartial({ exception: { error: isSalusError(error) ? error.code : 'fault' } }))
    }
    if (request.flush) {
      slot.reply = FLUSHED
      this.#scheduleWrite()
      return
    }
    try {
      const response = this.#handle(request, this)
      if (response instanceof Promise) response.then(fill, fail)
      else fill(response)
    } catch (error) {
      fail(error)
    }
  }

  #scheduleWrite(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    setImmediate(() => {
      this.#isWriting = false
      this.#write()
    })
  }

  #write(): void {
    const ready: Uint8Array[] = []
    let count = 0
    for (const { reply } of this.#slots) {
      if (reply === null) break
      ready.push(frameHeader(reply.length), reply)
      count++
    }
    if (count === 0 || this.isClosed) return
    this.#slots = this.#slots.slice(count)
    this.#socket.write(Buffer.concat(ready))
    if (this.#slots.length < PENDING_MAX) this.#socket.resume()
  }
}
