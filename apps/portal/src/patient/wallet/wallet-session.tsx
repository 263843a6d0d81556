/**
 * The wallet while the page is open. It is in memory once unlocked, and every change is saved before anything is done
 * on the strength of it. Leaving or reloading the page locks it again.
 */
import { type Genesis, readGenesis, SalusError, type ScryptCost } from '@salus/core'
import { KDF_COST, openWallet, saveWallet, type Wallet } from '@salus/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { askPasskey, makePasskey, PASSKEY_COST } from './passkey.ts'
import {
  type Protection,
  readStoredWallet,
  removeStoredWallet,
  type StoredWallet,
  writeStoredWallet,
} from './stored-wallet.ts'

/** How a new wallet is to be protected. */
export type NewProtection = { readonly kind: 'passkey' } | { readonly kind: 'passphrase'; readonly passphrase: string }

export interface OpenWallet {
  readonly wallet: Wallet
  readonly genesis: Genesis
  readonly genesisText: string
  readonly protection: Protection['kind']
}

export interface WalletSession {
  /** `loading` until the browser's store has answered. */
  readonly state: 'loading' | 'none' | 'locked' | 'open'
  readonly protection: Protection['kind'] | null
  readonly open: OpenWallet | null
  /** @throws SalusError `passkey-cancelled`, `wallet-passphrase` */
  unlock(passphrase?: string): Promise<void>
  /** Protects and keeps a wallet that is new to this browser. @throws SalusError `wallet-exists`, `passkey-…` */
  adopt(wallet: Wallet, genesisText: string, protection: NewProtection): Promise<void>
  /** Keeps a wallet file as it is, under its own passphrase. @throws SalusError `wallet-exists`, `wallet-passphrase` */
  adoptFile(file: string, passphrase: string, genesisText: string): Promise<void>
  /** Keeps the next state of the wallet; resolves once it is durable. */
  save(wallet: Wallet): Promise<void>
  lock(): void
  /** Removes the wallet from this browser. */
  forget(): Promise<void>
}

interface Unlocked {
  readonly stored: StoredWallet
  readonly secret: string
  readonly cost: ScryptCost
  readonly wallet: Wallet
}

const WalletContext = createContext<WalletSession | null>(null)

export function WalletProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [stored, setStored] = useState<StoredWallet | null | undefined>(undefined)
  const [unlocked, setUnlocked] = useState<Unlocked | null>(null)
  const current = useRef<Unlocked | null>(null)
  const queries = useQueryClient()
  const use = useCallback((next: Unlocked | null) => {
    current.current = next
    setUnlocked(next)
    if (next !== null) setStored(next.stored)
  }, [])
  useEffect(() => {
    readStoredWallet().then(setStored, () => setStored(null))
  }, [])

  const unlock = useCallback(
    async (passphrase?: string) => {
      if (!stored) throw new SalusError('wallet-malformed', 'there is no wallet here')
      const { protection, file } = stored
      const isPasskey = protection.kind === 'passkey'
      const secret = isPasskey ? (await askPasskey(protection.credential)).secret : (passphrase ?? '')
      const wallet = await openWallet(file, secret)
      use({ stored, secret, cost: isPasskey ? PASSKEY_COST : KDF_COST, wallet })
    },
    [stored, use],
  )
  const adopt = useCallback(
    async (wallet: Wallet, genesisText: string, protection: NewProtection) => {
      if ((await readStoredWallet()) !== null)
        throw new SalusError('wallet-exists', 'this browser has a wallet already')
      readGenesis(genesisText)
      const kept = await protect(protection)
      const file = await saveWallet(wallet, kept.secret, kept.cost)
      const next = { file, genesis: genesisText, protection: kept.protection }
      await writeStoredWallet(next)
      use({ ...kept, stored: next, wallet })
    },
    [use],
  )
  const adoptFile = useCallback(
    async (file: string, passphrase: string, genesisText: string) => {
      if ((await readStoredWallet()) !== null)
        throw new SalusError('wallet-exists', 'this browser has a wallet already')
      readGenesis(genesisText)
      const wallet = await openWallet(file, passphrase)
      const next: StoredWallet = { file, genesis: genesisText, protection: { kind: 'passphrase' } }
      await writeStoredWallet(next)
      use({ stored: next, secret: passphrase, cost: KDF_COST, wallet })
    },
    [use],
  )
  const save = useCallback(
    async (wallet: Wallet) => {
      const { stored: before, secret, cost } = required(current.current)
      const next = { ...before, file: await saveWallet(wallet, secret, cost) }
      await writeStoredWallet(next)
      use({ stored: next, secret, cost, wallet })
    },
    [use],
  )
  const lock = useCallback(() => {
    use(null)
    queries.removeQueries({ queryKey: ['patient'] })
  }, [use, queries])
  const forget = useCallback(async () => {
    await removeStoredWallet()
    lock()
    setStored(null)
  }, [lock])

  const session = useMemo<WalletSession>(() => {
    const open = unlocked === null ? null : describe(unlocked)
    const state = open !== null ? 'open' : stored === undefined ? 'loading' : stored === null ? 'none' : 'locked'
    return { state, protection: stored?.protection.kind ?? null, open, unlock, adopt, adoptFile, save, lock, forget }
  }, [stored, unlocked, unlock, adopt, adoptFile, save, lock, forget])
  return <WalletContext value={session}>{children}</WalletContext>
}

export function useWalletSession(): WalletSession {
  const session = useContext(WalletContext)
  if (session === null) throw new SalusError('internal', 'there is no wallet session around this page')
  return session
}

/** The open wallet. Pages inside the patient's frame have one. */
export function useOpenWallet(): OpenWallet {
  return required(useWalletSession().open)
}

function required<T>(value: T | null): T {
  if (value === null) throw new SalusError('wallet-locked', 'the wallet is locked')
  return value
}

function describe({ stored, wallet }: Unlocked): OpenWallet {
  return {
    wallet,
    genesis: readGenesis(stored.genesis),
    genesisText: stored.genesis,
    protection: stored.protection.kind,
  }
}

async function protect(wanted: NewProtection): Promise<{ protection: Protection; secret: string; cost: ScryptCost }> {
  if (wanted.kind === 'passphrase') {
    return { protection: { kind: 'passphrase' }, secret: wanted.passphrase, cost: KDF_COST }
  }
  const { credential, secret } = await makePasskey('Salus')
  return { protection: { kind: 'passkey', credential }, secret, cost: PASSKEY_COST }
}
