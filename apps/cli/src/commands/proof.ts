/** `salus proof export` and `salus verify`: evidence that travels, and its check on a machine that has nothing else. */
import { writeFileSync } from 'node:fs'
import { SalusError } from '@salus/core'
import { verifyProofFile } from '@salus/proof'
import { defineCommand } from '../define.ts'
import { readText } from '../network.ts'
import { EXIT } from '../output.ts'
import { clientFor, openSession } from '../patient-session.ts'
import type { WalletOptions } from '../wallet-file.ts'
import { whenCommitted } from '../when-committed.ts'

interface ExportOptions extends WalletOptions {
  readonly disclosure: string
  readonly out: string
}

export const proofExport = defineCommand<ExportOptions>(
  (proof) =>
    proof
      .command('export')
      .description('write the proof of one disclosure to a file')
      .requiredOption('--wallet <file>', "the patient's wallet file")
      .requiredOption('--disclosure <id>', 'the id that `salus log` shows')
      .requiredOption('--out <file>', 'the file to write')
      .option('--passphrase-file <file>', 'file that holds the passphrase')
      .addHelpText('after', '\nExample:\n  salus proof export --wallet me.json --disclosure 5f….3 --out proof.json'),
  async (options) => {
    const { file } = await openSession(options)
    const [, fileId, sequence] = /^([0-9a-f]{32})\.([0-9]{1,15})$/.exec(options.disclosure) ?? []
    const enrolment = file.wallet.state.enrolments.find((one) => one.fileId === fileId)
    if (enrolment === undefined)
      throw new SalusError('disclosure-unknown', 'no file of this wallet has such a disclosure')
    const client = clientFor(file.wallet, enrolment.custodian)
    const text = await whenCommitted(() => client.proof(enrolment.fileId, Number(sequence)))
    writeFileSync(options.out, text)
    return {
      json: { disclosure: options.disclosure, out: options.out, bytes: Buffer.byteLength(text) },
      text: `${options.out}: check it with salus verify ${options.out} --genesis genesis.json`,
    }
  },
)

interface VerifyOptions {
  readonly genesis: string
}

export const verifyCommand = defineCommand<VerifyOptions, [proof: string]>(
  (program) =>
    program
      .command('verify <proof>')
      .description('check a proof file against a genesis file, offline')
      .requiredOption('--genesis <file>', 'the genesis file that you trust')
      .addHelpText('after', '\nExample:\n  salus verify proof.json --genesis genesis.json'),
  async (options, proof: string) => {
    const result = verifyProofFile(readText(proof), readText(options.genesis))
    if (result.valid) {
      return {
        json: result,
        text: `valid\n${JSON.stringify({ claim: result.claim, checkpoint: result.checkpoint }, null, 2)}`,
      }
    }
    const { code, message, details } = result.error
    return {
      json: { valid: false, error: { code, message, ...details } },
      text: `NOT VALID: ${message} [${code}]`,
      exit: EXIT.invalid,
    }
  },
)
