/** Consent grants for the ledger's benchmarks: a network of one member, signed transactions, and a bounded load. */
import { Worker } from 'node:worker_threads'
import { call, consent, grant } from '@salus/contracts'
import {
  type Command,
  ed25519PublicKey,
  ed25519Signer,
  memberId,
  randomBytes,
  readGenesis,
  signTransaction,
  writeGenesis,
} from '@salus/core'
import type { Ledger } from '@salus/ledger'

/** Transactions that wait for their receipt at any time. */
export const IN_FLIGHT_MAX = 8192

export const engineKey: Uint8Array = randomBytes(32)
const member = ed25519Signer(randomBytes(32))
export const genesis: string = writeGenesis({
  format: 'salus-genesis/1',
  network: 'bench',
  timeMs: Date.now(),
  protocol: 1,
  engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
  members: [
    {
      id: memberId('Bench', member.publicKey.bytes),
      handle: 'bench',
      name: 'Bench',
      roles: ['provider'],
      signingKey: member.publicKey.bytes,
      encryptionKey: randomBytes(32),
      url: 'http://127.0.0.1:1',
    },
  ],
})
const own = readGenesis(genesis).ledgerId

/** Ids of the grants that were signed last: keys that are in the state. */
export const recentConsents: Uint8Array[] = []

function grantCommand(): Command {
  const consentId = randomBytes(16)
  if (recentConsents.length < 1000) recentConsents.push(consentId)
  return call(consent, grant, { consentId, commitment: randomBytes(32), expiresAtMs: null })
}

/** Signed transactions of `commands` grants each, for the ledger of {@link genesis} or another. */
export async function signGrants(transactions: number, commands: number, ledgerId = own): Promise<Uint8Array[]> {
  const wires: Uint8Array[] = []
  const { publicKey } = member
  for (let i = 0; i < transactions; i++) {
    const body = { ledgerId, signer: publicKey, nonce: randomBytes(16), expiresAtMs: Date.now() + 500_000 }
    wires.push(await signTransaction({ ...body, commands: Array.from({ length: commands }, grantCommand) }, member))
  }
  return wires
}

/** Submits all with a bounded number in flight; returns the seconds until the last is durable. */
export async function submitAll(ledger: Ledger, wires: readonly Uint8Array[], inFlight: number): Promise<number> {
  const start = performance.now()
  let next = 0
  const submitNext = async (): Promise<void> => {
    for (let wire = wires[next++]; wire; wire = wires[next++]) {
      const { code } = await ledger.submit(wire)
      if (code !== null) throw new Error(`refused: ${code}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, submitNext))
  return (performance.now() - start) / 1000
}

/** CPU time of this process, all threads, since `from` or its start. */
export function cpuMicroseconds(from?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from)
  return user + system
}

/** Signatures that two threads check with `node:crypto`, with nothing else to do: each second, and CPU time of one. */
export async function verifyRate(seconds: number): Promise<{ perSecond: number; cpuMicroseconds: number }> {
  const source = `
    const { parentPort } = require('node:worker_threads')
    const { generateKeyPairSync, sign, verify } = require('node:crypto')
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const digest = Buffer.alloc(32, 7)
    const signature = sign(null, digest, privateKey)
    let count = 0
    const start = process.threadCpuUsage()
    const end = performance.now() + ${seconds * 1000}
    while (performance.now() < end) for (let i = 0; i < 50; i++) count += verify(null, digest, publicKey, signature)
    const { user, system } = process.threadCpuUsage(start)
    parentPort.postMessage({ count, cpu: user + system })`
  type Counted = { readonly count: number; readonly cpu: number }
  const counted = await Promise.all(
    [0, 1].map(() => {
      return new Promise<Counted>((resolve) => new Worker(source, { eval: true }).once('message', resolve))
    }),
  )
  const count = counted.reduce((sum, each) => sum + each.count, 0)
  return { perSecond: count / seconds, cpuMicroseconds: counted.reduce((sum, each) => sum + each.cpu, 0) / count }
}
