/**
 * Randomness of simulated processes, drawn from the seed of the run, and Web Crypto in a steady order. The keys of a
 * run are thereby known to who knows the seed: they are worth nothing outside of it.
 */
import type { Random } from '../random.ts'
import { current } from './process.ts'
import type { Scheduler } from './scheduler.ts'

type Crypto = typeof import('node:crypto')

/** Methods of `SubtleCrypto` that end in another thread. */
const SUBTLE = ['sign', 'verify', 'digest', 'importKey', 'exportKey', 'deriveBits'] as const

/** Puts seeded randomness in place; returns what takes it out again. */
export function installRandomness(scheduler: Scheduler, random: Random): () => void {
  const crypto = process.getBuiltinModule('node:crypto') as { -readonly [K in keyof Crypto]: Crypto[K] }
  const { randomFillSync, randomBytes, randomUUID } = crypto
  const getRandomValues = globalThis.crypto.getRandomValues
  const fill = <T extends NodeJS.ArrayBufferView>(target: T): T => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.between(0, 255)
    return target
  }
  const isSimulated = (): boolean => current.getStore() !== undefined
  crypto.randomFillSync = ((target: NodeJS.ArrayBufferView, ...rest: []) =>
    isSimulated() ? fill(target) : randomFillSync(target, ...rest)) as Crypto['randomFillSync']
  crypto.randomBytes = ((length: number, ...rest: []) =>
    isSimulated() ? fill(Buffer.alloc(length)) : randomBytes(length, ...rest)) as Crypto['randomBytes']
  crypto.randomUUID = ((options) => (isSimulated() ? random.uuid() : randomUUID(options))) as Crypto['randomUUID']
  globalThis.crypto.getRandomValues = ((target: NodeJS.ArrayBufferView & ArrayBufferView<ArrayBuffer>) =>
    isSimulated() ? fill(target) : getRandomValues.call(globalThis.crypto, target)) as typeof getRandomValues
  const restoreSubtle = steadySubtle(scheduler)
  return () => {
    Object.assign(crypto, { randomFillSync, randomBytes, randomUUID })
    globalThis.crypto.getRandomValues = getRandomValues
    restoreSubtle()
  }
}

function steadySubtle(scheduler: Scheduler): () => void {
  const subtle = globalThis.crypto.subtle as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>
  for (const name of SUBTLE) {
    const real = subtle[name]!
    subtle[name] = (...values) =>
      current.getStore() ? scheduler.steady(() => real.apply(subtle, values)) : real.apply(subtle, values)
  }
  return () => {
    for (const name of SUBTLE) delete subtle[name]
  }
}
