/** Wallet files on disk: opened with a passphrase, written whole or not at all. */

import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { text as readStream } from 'node:stream/consumers'
import { SalusError } from '@salus/core'
import { openWallet, saveWallet, type Wallet } from '@salus/sdk'
import { readText } from './network.ts'

/** Options of every command that opens a wallet. */
export interface WalletOptions {
  readonly wallet: string
  readonly passphraseFile?: string
}

/** An open wallet file: `save` puts a later state of the wallet in its place. */
export interface OpenWalletFile {
  readonly wallet: Wallet
  save(wallet: Wallet): Promise<void>
}

/**
 * The passphrase: from `SALUS_PASSPHRASE`, from a file, or asked for on a terminal.
 * @throws SalusError `usage` where there is nobody to ask
 */
export async function readPassphrase(options: WalletOptions): Promise<string> {
  if (options.passphraseFile !== undefined) return readText(options.passphraseFile).replace(/\r?\n$/, '')
  const fromEnvironment = process.env.SALUS_PASSPHRASE
  if (fromEnvironment !== undefined) return fromEnvironment
  return ask('Passphrase: ', 'give the passphrase in SALUS_PASSPHRASE or with --passphrase-file')
}

/**
 * Asks on the terminal, or takes the next line of standard input where that is no terminal.
 * @throws SalusError `usage` with `otherwise` when there is none
 */
export async function ask(question: string, otherwise: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const line = (await pipedLines()).shift()
    if (line === undefined || line === '') throw new SalusError('usage', otherwise)
    return line
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}

let piped: Promise<string[]> | undefined

/** The lines of standard input, read once. */
function pipedLines(): Promise<string[]> {
  piped ??= readStream(process.stdin).then((content) => content.split(/\r?\n/))
  return piped
}

/** Opens the wallet that the options name. @throws SalusError `file-not-found`, `wallet-*`, `usage` */
export async function openWalletFile(options: WalletOptions): Promise<OpenWalletFile> {
  const content = readText(options.wallet)
  const passphrase = await readPassphrase(options)
  const wallet = await openWallet(content, passphrase)
  return { wallet, save: async (next) => writeWhole(options.wallet, await saveWallet(next, passphrase)) }
}

/** Writes a new wallet file. @throws SalusError `usage` where there is one already */
export async function createWalletFile(path: string, wallet: Wallet, passphrase: string): Promise<void> {
  if (existsSync(path)) throw new SalusError('usage', `${path} exists: a wallet is never overwritten`)
  writeWhole(path, await saveWallet(wallet, passphrase))
}

function writeWhole(path: string, content: string): void {
  const temporary = `${path}.${randomUUID()}`
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx', flush: true })
  renameSync(temporary, path)
}
