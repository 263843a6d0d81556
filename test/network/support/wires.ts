/**
 * The lines between members: every connection from one CometBFT to another goes through here and can be cut. A cut
 * line takes connections and bytes and hands on neither, as a network does that has lost its way; what was on the line
 * arrives when it is whole again, unless it was torn.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Wire {
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #isCut = false

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((near) => this.#join(near))
  }

  /** A line to the port `target` of this machine. */
  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  /** Where to connect to. */
  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  cut(): void {
    this.#isCut = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  /** Makes the line whole; torn, connections from before the cut are lost. */
  mend(isTorn: boolean): void {
    this.#isCut = false
    for (const pair of [...this.#pairs]) {
      for (const socket of pair) {
        if (isTorn) socket.destroy()
        else socket.resume()
      }
    }
  }

  close(): void {
    this.#server.close()
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1')
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true)
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause()
      })
      from.on('drain', () => {
        if (!this.#isCut) to.resume()
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#pairs.delete(pair)
        to.destroy()
      })
      if (this.#isCut) from.pause()
    }
  }
}
