/**
 * The wallet at rest in this browser: the SDK's encrypted wallet file (docs/spec/wallet.md) in IndexedDB, beside the
 * genesis file that it trusts and how it is unlocked. Nothing else of the patient is kept in the clear.
 */
import { z } from 'zod'

const Stored = z.object({
  file: z.string(),
  genesis: z.string(),
  protection: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('passphrase') }),
    z.object({ kind: z.literal('passkey'), credential: z.string() }),
  ]),
})
export type StoredWallet = z.infer<typeof Stored>
export type Protection = StoredWallet['protection']

const DATABASE = 'salus'
const STORE = 'wallet'
const KEY = 'own'

/** The wallet of this browser, or null. */
export async function readStoredWallet(): Promise<StoredWallet | null> {
  const found = await inStore('readonly', (store) => store.get(KEY))
  return found === undefined ? null : Stored.parse(found)
}

/** Durable when it resolves. */
export async function writeStoredWallet(wallet: StoredWallet): Promise<void> {
  await inStore('readwrite', (store) => store.put(wallet, KEY))
}

export async function removeStoredWallet(): Promise<void> {
  await inStore('readwrite', (store) => store.delete(KEY))
}

async function inStore(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const database = await open()
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' })
      const request = act(transaction.objectStore(STORE))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onerror = () => reject(transaction.error)
      transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    database.close()
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
