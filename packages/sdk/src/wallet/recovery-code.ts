/**
 * The recovery code: the wallet's secret as 24 English words with a checksum of 8 bits (BIP 39). Whoever has the words
 * has the wallet. They restore the secret and so every key; enrolments and consents are asked from the custodians.
 */

import { SalusError } from '@salus/core'
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { SECRET_BYTES } from './derive.ts'
import { Wallet } from './wallet.ts'

/** 24 words, one space between them. */
export function recoveryCode(wallet: Wallet): string {
  return entropyToMnemonic(wallet.exportSecret(), wordlist)
}

/**
 * The wallet of a recovery code, without anything remembered; case and spacing do not matter.
 * @throws SalusError `recovery-code-invalid`
 */
export function walletFromRecoveryCode(code: string): Wallet {
  return new Wallet(secretOf(code.trim().toLowerCase().split(/\s+/).join(' ')))
}

function secretOf(words: string): Uint8Array {
  let secret: Uint8Array | undefined
  try {
    secret = mnemonicToEntropy(words, wordlist)
  } catch {
    // The library's message quotes the word, which is part of the secret.
  }
  if (secret?.length !== SECRET_BYTES) {
    throw new SalusError('recovery-code-invalid', 'not the 24 words of a recovery code')
  }
  return secret
}
