/** A real embedded ledger with members, in a folder of its own, for the tests of the node's parts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ed25519PublicKey,
  ed25519Signer,
  type Genesis,
  memberId,
  randomBytes,
  readGenesis,
  type Signer,
  writeGenesis,
} from '@salus/core'
import { type Ledger, openEmbeddedLedger } from '@salus/ledger'

export interface TestMemberKey {
  readonly id: string
  readonly handle: string
  readonly seed: Uint8Array
  readonly sign: Signer
}

export interface TestLedger {
  readonly directory: string
  readonly genesisText: string
  readonly genesis: Genesis
  readonly members: readonly TestMemberKey[]
  readonly ledger: Ledger
  /** Closes the ledger and opens it again from disk. */
  reopen(): Promise<TestLedger>
  remove(): Promise<void>
}

/** Starts a ledger whose members have these handles; member `i` is at port `portBase + i`. */
export async function startTestLedger(handles: readonly string[], portBase = 9000): Promise<TestLedger> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-ledger-'))
  const engineKey = randomBytes(32)
  const members = handles.map((handle) => {
    const seed = randomBytes(32)
    const sign = ed25519Signer(seed)
    return { handle, seed, sign, id: memberId(handle, sign.publicKey.bytes) }
  })
  const genesisText = writeGenesis({
    format: 'salus-genesis/1',
    network: 'test',
    timeMs: Date.now() - 1000,
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
    members: members.map(({ id, handle, sign }, i) => ({
      id,
      handle,
      name: handle,
      roles: ['provider'],
      signingKey: sign.publicKey.bytes,
      encryptionKey: randomBytes(32),
      url: `http://127.0.0.1:${portBase + i}`,
    })),
  })
  const open = async (): Promise<TestLedger> => {
    const ledger = await openEmbeddedLedger({
      directory: join(directory, 'ledger'),
      genesis: genesisText,
      engineKey,
      // Looked up at each call, so that a test's clock is the ledger's too.
      clock: () => Date.now(),
    })
    return {
      directory,
      genesisText,
      genesis: readGenesis(genesisText),
      members,
      ledger,
      reopen: async () => {
        await ledger.close()
        return open()
      },
      remove: async () => {
        await ledger.close()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  }
  return open()
}
