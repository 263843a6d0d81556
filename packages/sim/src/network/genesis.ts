/** The members of a simulated network, their keys drawn from the seed, and its genesis file. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519PublicKey, memberId, randomBytes, writeGenesis } from '@salus/core'
import { makeKeys, publicKeys, writeKeys } from '@salus/node'
import { EPOCH_MS } from '../platform/time.ts'

export interface SimulatedMember {
  readonly handle: string
  readonly id: string
  readonly url: string
  readonly directory: string
  readonly keyFile: string
}

export interface NetworkFiles {
  readonly members: readonly SimulatedMember[]
  readonly genesisText: string
  readonly engineKey: Uint8Array
}

const HANDLES = ['riverside', 'lakeside', 'hilltop'] as const

/** Writes the key files of three members below `directory`; to be called inside a simulated process. */
export function foundNetwork(directory: string): NetworkFiles {
  const engineKey = randomBytes(32)
  const founded = HANDLES.map((handle) => {
    const folder = join(directory, handle)
    mkdirSync(folder, { recursive: true })
    const keys = { ...makeKeys(), encryption: randomBytes(32) }
    const keyFile = join(folder, 'keys.json')
    writeKeys(keyFile, keys)
    const { signingKey, encryptionKey } = publicKeys(keys)
    const url = `http://${handle}.example`
    return { handle, id: memberId(handle, signingKey), url, directory: folder, keyFile, signingKey, encryptionKey }
  })
  const genesisText = writeGenesis({
    format: 'salus-genesis/1',
    network: 'simulation',
    timeMs: EPOCH_MS - 1000,
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
    members: founded.map(({ handle, id, url, signingKey, encryptionKey }) => ({
      id,
      handle,
      name: handle,
      roles: ['provider'],
      signingKey,
      encryptionKey,
      url,
    })),
  })
  return { members: founded, genesisText, engineKey }
}
