/** `salus erase`: a custodian erases a patient. */
import { SalusError } from '@salus/core'
import { parseAnswer, postJson } from '@salus/sdk'
import { z } from 'zod'
import { defineCommand } from '../define.ts'
import { memberOf, readNetwork } from '../network.ts'

interface Options {
  readonly as: string
  readonly patient: string
  readonly reason: string
}

const Erased = z.object({ patient: z.string(), fileId: z.string(), status: z.string(), height: z.number() })

export const eraseCommand = defineCommand<Options>(
  (program) =>
    program
      .command('erase')
      .description('erase a patient: the data key is destroyed, the ledger keeps commitments that mean nothing')
      .requiredOption('--as <member>', 'the custodian')
      .requiredOption('--patient <reference>', 'the patient, Patient/…')
      .requiredOption('--reason <text>', 'why')
      .addHelpText(
        'after',
        '\nExample:\n  salus erase --as riverside --patient Patient/1 --reason "asked by the patient"',
      ),
  async (options) => {
    const member = memberOf(readNetwork(options.dir), options.as)
    const [, id] = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(options.patient) ?? []
    if (id === undefined) throw new SalusError('usage', '--patient takes a reference like Patient/1')
    const answer = await postJson(
      `${member.url}/admin/patients/${id}/erase`,
      { reason: options.reason },
      { authorization: `Bearer ${member.adminToken}` },
    )
    const erased = parseAnswer(Erased, answer)
    return { json: erased, text: `erased ${erased.patient}, file ${erased.fileId} closed at height ${erased.height}` }
  },
)
