/** `salus import`: loads FHIR bundles into a member's own node. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { SalusError } from '@salus/core'
import { sendForJson } from '@salus/sdk'
import { defineCommand } from '../define.ts'
import { memberOf, readNetwork } from '../network.ts'
import { progress } from '../progress.ts'

interface Options {
  readonly as: string
}

export const importCommand = defineCommand<Options, [files: readonly string[]]>(
  (program) =>
    program
      .command('import <files...>')
      .description('load FHIR transaction bundles (.json or .json.gz)')
      .requiredOption('--as <member>', 'the member into whose node they go')
      .addHelpText('after', '\nExample:\n  salus import --as riverside bundle.json more.json.gz'),
  async (options, files: readonly string[]) => {
    const member = memberOf(readNetwork(options.dir), options.as)
    const bar = progress('importing', files.length)
    let resources = 0
    for (const file of files) {
      resources += await importBundle(readBundle(file), member.fhir, member.adminToken)
      bar.increment()
    }
    bar.stop()
    return { json: { files: files.length, resources }, text: `${resources} resources from ${files.length} files` }
  },
)

/** The text of a bundle file, unpacked. @throws SalusError `file-not-found` */
export function readBundle(path: string): string {
  try {
    const content = readFileSync(path)
    return (path.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8')
  } catch (cause) {
    throw new SalusError('file-not-found', `cannot read ${path}`, {}, cause)
  }
}

/** Posts a bundle; resolves to the number of its entries. */
export async function importBundle(text: string, fhir: string, token: string): Promise<number> {
  const answer = (await sendForJson(fhir, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: text,
  })) as { entry?: unknown[] }
  return answer.entry?.length ?? 0
}
