/** `salus wallet`: make, look at and recover a wallet. */
import { createWallet, recoverFromCustodians, recoveryCode, type Wallet, walletFromRecoveryCode } from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { readNetwork, readText } from '../network.ts'
import type { Result } from '../output.ts'
import { nameOf } from '../patient-session.ts'
import { ask, createWalletFile, openWalletFile, readPassphrase, type WalletOptions } from '../wallet-file.ts'

export const walletNew = defineCommand<WalletOptions>(
  (wallet) =>
    wallet
      .command('new')
      .description('make a wallet and print its recovery code')
      .requiredOption('--wallet <file>', 'the wallet file to write')
      .option('--passphrase-file <file>', 'file that holds the passphrase')
      .addHelpText('after', '\nExample:\n  SALUS_PASSPHRASE=… salus wallet new --wallet me.json'),
  async (options) => {
    const wallet = createWallet()
    await createWalletFile(options.wallet, wallet, await readPassphrase(options))
    const code = recoveryCode(wallet)
    return {
      json: { wallet: options.wallet, recoveryCode: code },
      text: `${options.wallet}\nRecovery code, to be kept on paper; whoever has it has the wallet:\n${code}`,
    }
  },
)

export const walletShow = defineCommand<WalletOptions>(
  (wallet) =>
    wallet
      .command('show')
      .description('what a wallet remembers: enrolments and consents')
      .requiredOption('--wallet <file>', 'the wallet file')
      .option('--passphrase-file <file>', 'file that holds the passphrase')
      .addHelpText('after', '\nExample:\n  salus wallet show --wallet me.json'),
  async (options) => {
    const { wallet } = await openWalletFile(options)
    return describe(wallet, options.wallet)
  },
)

interface RecoverOptions extends WalletOptions {
  readonly codeFile?: string
}

export const walletRecover = defineCommand<RecoverOptions>(
  (wallet) =>
    wallet
      .command('recover')
      .description('restore a wallet from its recovery code, and ask the custodians for enrolments and consents')
      .requiredOption('--wallet <file>', 'the wallet file to write')
      .option('--code-file <file>', 'file that holds the recovery code; else SALUS_RECOVERY_CODE, else asked for')
      .option('--passphrase-file <file>', 'file that holds the new passphrase')
      .addHelpText('after', '\nExample:\n  salus wallet recover --wallet new-phone.json --code-file paper.txt'),
  async (options) => {
    const restored = walletFromRecoveryCode(await readCode(options))
    const network = readNetwork(options.dir)
    const custodians = Object.values(network.members).map(({ id, url }) => ({ memberId: id, url }))
    const { wallet, unanswered } = await recoverFromCustodians(restored, custodians)
    await createWalletFile(options.wallet, wallet, await readPassphrase(options))
    const result = describe(wallet, options.wallet)
    const missed = unanswered.map((id) => nameOf(network, id))
    return {
      json: { ...(result.json as object), unanswered: missed },
      text: missed.length === 0 ? result.text : `${result.text}\nDid not answer: ${missed.join(', ')}`,
    }
  },
)

async function readCode(options: RecoverOptions): Promise<string> {
  if (options.codeFile !== undefined) return readText(options.codeFile)
  const code = process.env.SALUS_RECOVERY_CODE
  return code ?? ask('Recovery code: ', 'give the recovery code in SALUS_RECOVERY_CODE or with --code-file')
}

function describe(wallet: Wallet, path: string): Result {
  const { enrolments, consents } = wallet.state
  return {
    json: {
      wallet: path,
      enrolments: enrolments.map(({ custodian, patient, fileId, url }) => ({ custodian, patient, file: fileId, url })),
      consents: consents.map(({ id, custodian, status }) => ({ id, custodian, status })),
    },
    text: [
      path,
      ...enrolments.map(({ url, patient, fileId }) => `enrolled at ${url} as ${patient}, file ${fileId}`),
      `${consents.length} consents`,
    ].join('\n'),
  }
}
