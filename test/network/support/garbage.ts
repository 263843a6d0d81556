/**
 * Stands where the CometBFT program is expected: runs the real one, and sits on the socket between it and the
 * application. After some honest blocks it answers with the hash of another state, as a faulty application would.
 *
 * Arguments: the number of honest blocks, the real program, and what CometBFT is to be started with.
 */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Response } from 'cosmjs-types/tendermint/abci/types'
import { FrameReader, frameHeader } from '../../../packages/ledger/src/engine/cometbft/framing.ts'

const [honest = '', program = '', ...args] = process.argv.slice(2)
const home = args[args.indexOf('--home') + 1] as string
const config = readFileSync(join(home, 'config', 'config.toml'), 'utf8')
const application = /^proxy_app = "unix:\/\/(.+)"$/m.exec(config)?.[1] as string
const own = `${application}.garbage`
let blocks = 0

function garble(message: Uint8Array): Uint8Array {
  const response = Response.decode(message)
  if (response.finalizeBlock === undefined || ++blocks <= Number(honest)) return message
  const appHash = response.finalizeBlock.appHash.map((byte) => byte ^ 0xff)
  return Response.encode({ finalizeBlock: { ...response.finalizeBlock, appHash } }).finish()
}

rmSync(own, { force: true })
const server = createServer((comet) => {
  const real = connect(application)
  const frames = new FrameReader()
  comet.pipe(real)
  real.on('data', (chunk: Uint8Array) => {
    for (const message of frames.push(chunk)) {
      const answer = garble(message)
      comet.write(frameHeader(answer.length))
      comet.write(answer)
    }
  })
  for (const [from, to] of [
    [comet, real],
    [real, comet],
  ] as const) {
    from.on('error', () => undefined)
    from.on('close', () => to.destroy())
  }
})
server.listen(own, () => {
  const child = spawn(program, [...args, '--proxy_app', `unix://${own}`], { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code ?? 1))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))
})
