/** `salus fetch`: a FHIR read or search, at one's own node or through it at another member's. */

import type { Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { checkReceived, received, send, sendForText } from '@salus/sdk'
import type { Command } from 'commander'
import { defineCommand } from '../define.ts'
import { memberOf, readNetwork, readText } from '../network.ts'
import { EXIT, harmless, type Result } from '../output.ts'
import { progress } from '../progress.ts'
import { whenCommitted } from '../when-committed.ts'

interface Options {
  readonly dir: string
  readonly as: string
  readonly from?: string
  readonly purpose?: string
  readonly emergency?: string
  readonly check?: boolean
}

export const fetchCommand = defineCommand<Options, [request: string]>(
  (program: Command) =>
    program
      .command('fetch <request>')
      .description('read or search FHIR resources; --from asks another member through the own node')
      .requiredOption('--as <member>', 'the member whose clinician asks')
      .option('--from <member>', 'the custodian to ask; the own records when left out')
      .option('--purpose <code>', 'purpose of use, a code of v3-PurposeOfUse or system|code')
      .option('--emergency <reason>', 'emergency access with a stated reason')
      .option('--check', 'check every resource of the answer against what its custodian anchored on the ledger')
      .addHelpText('after', "\nExample:\n  salus fetch --as lakeside --from riverside 'Observation?patient=Patient/1'"),
  run,
)

async function run(options: Options, request: string): Promise<Result> {
  const network = readNetwork(options.dir)
  const own = memberOf(network, options.as)
  if (options.from !== undefined) memberOf(network, options.from)
  const base =
    options.from === undefined || options.from === options.as ? own.fhir : `${own.url}/exchange/${options.from}/fhir`
  const headers = {
    authorization: `Bearer ${own.clinicianToken}`,
    accept: 'application/fhir+json',
    ...purpose(options),
  }
  const answer = await send(`${base}/${request.replace(/^\/+/, '')}`, { headers })
  const json = parse(answer.text)
  let exit = exitOf(answer.status)
  if (options.check && exit === EXIT.done) {
    const custodian = options.from === undefined ? own : memberOf(network, options.from)
    const genesis = readText(network.genesis)
    exit = await checkAnswer(json as Resource, { base, headers, genesis, custodian: custodian.id })
  }
  return { json, text: harmless(answer.text), exit }
}

interface CheckParts {
  readonly base: string
  readonly headers: Record<string, string>
  readonly genesis: string
  /** The member that must have recorded the answer, by its id. */
  readonly custodian: string
}

/**
 * Checks each resource by its proof; resolves to the exit code, which tells of resources that have none.
 * @throws SalusError with the code of the first proof that does not hold
 */
async function checkAnswer(answer: Resource, { base, headers, genesis, custodian }: CheckParts): Promise<number> {
  const { versions, unprovable } = received(answer)
  const bar = progress('checking', versions.length)
  for (const one of versions) {
    const path = `${base}/${one.type}/${one.id}/_history/${one.version}/$proof`
    const proof = await whenCommitted(() => sendForText(path, { headers }))
    checkReceived(one, custodian, proof, genesis)
    bar.increment()
  }
  bar.stop()
  process.stderr.write(`checked ${versions.length} resources: as their custodian recorded them\n`)
  if (unprovable === 0) return EXIT.done
  process.stderr.write(`not checked: ${unprovable} resources that were shortened or do not name their version\n`)
  return EXIT.invalid
}

function purpose(options: Options): Record<string, string> {
  const headers: Record<string, string> = {}
  if (options.emergency !== undefined) {
    headers['x-emergency-reason'] = encodeHeader(options.emergency)
    headers['x-purpose-of-use'] = options.purpose ?? 'BTG'
  } else if (options.purpose !== undefined) {
    headers['x-purpose-of-use'] = options.purpose
  }
  return headers
}

/** Header values are bytes; text beyond ASCII goes as the bytes of its UTF-8. */
function encodeHeader(text: string): string {
  if (/[\r\n]/.test(text)) throw new SalusError('usage', 'the emergency reason must be one line')
  return Buffer.from(text, 'utf8').toString('latin1')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SalusError('answer-malformed', 'the node did not answer in FHIR JSON', {}, cause)
  }
}

function exitOf(status: number): number {
  if (status < 400) return EXIT.done
  if (status === 401 || status === 403) return EXIT.refused
  if (status === 404 || status === 410) return EXIT.notFound
  if (status === 502 || status === 503 || status === 504) return EXIT.unreachable
  return EXIT.failed
}
