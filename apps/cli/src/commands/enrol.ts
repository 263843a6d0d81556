/** `salus enrol`: a custodian's administrator enrols the key of a patient whose identity was checked in person. */
import { toBase64url } from '@salus/core'
import { parseAnswer, postJson } from '@salus/sdk'
import { z } from 'zod'
import { defineCommand } from '../define.ts'
import { memberOf, readNetwork } from '../network.ts'
import { openWalletFile, type WalletOptions } from '../wallet-file.ts'

const Enrolled = z.object({ custodian: z.string(), fileId: z.string(), patient: z.string() })

interface Options extends WalletOptions {
  readonly as: string
  readonly patient: string
}

export const enrolCommand = defineCommand<Options>(
  (program) =>
    program
      .command('enrol')
      .description("enrol a patient's wallet at a custodian")
      .requiredOption('--as <member>', 'the custodian whose administrator enrols')
      .requiredOption('--patient <reference>', 'the patient, Patient/…')
      .requiredOption('--wallet <file>', "the patient's wallet file")
      .option('--passphrase-file <file>', 'file that holds the passphrase')
      .addHelpText('after', '\nExample:\n  salus enrol --as riverside --patient Patient/1 --wallet me.json'),
  async (options) => {
    const member = memberOf(readNetwork(options.dir), options.as)
    const { wallet, save } = await openWalletFile(options)
    const { scheme, bytes } = wallet.identity(member.id).publicKey
    const answer = await postJson(
      `${member.url}/admin/enrolments`,
      { patient: options.patient, key: { scheme, bytes: toBase64url(bytes) } },
      { authorization: `Bearer ${member.adminToken}` },
    )
    const { fileId, patient } = parseAnswer(Enrolled, answer)
    await save(wallet.withEnrolment({ custodian: member.id, url: member.url, fhir: member.fhir, patient, fileId }))
    return {
      json: { status: 'enrolled', custodian: member.id, patient, file: fileId },
      text: `enrolled at ${member.name} as ${patient}, file ${fileId}`,
    }
  },
)
