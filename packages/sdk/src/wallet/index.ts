export { recoveryCode, walletFromRecoveryCode } from './recovery-code.ts'
export type { Enrolment, WalletConsent, WalletState } from './state.ts'
export { type ConsentKeys, createWallet, Wallet } from './wallet.ts'
export { KDF_COST, openWallet, saveWallet } from './wallet-file.ts'
