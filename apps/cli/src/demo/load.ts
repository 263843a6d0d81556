/** Fills Riverside: bundles from a folder or the synthetic patients, then wallets for the first five patients. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Bundle, BundleEntry, Patient } from '@medplum/fhirtypes'
import { SalusError, toBase64url } from '@salus/core'
import { createWallet, parseAnswer, postJson, sendForJson } from '@salus/sdk'
import { syntheticBundles } from '@salus/sim'
import { z } from 'zod'
import { readBundle } from '../commands/import.ts'
import type { Network, NetworkMember } from '../network.ts'
import { progress } from '../progress.ts'
import { createWalletFile } from '../wallet-file.ts'
import type { DemoOptions } from './options.ts'

const WALLETS = 5
/** The passphrase of every demo wallet; demo.json says it too. */
const DEMO_PASSPHRASE = 'demo'
const SEED = 1

/** A bundle to load, in memory or on disk. */
interface Source {
  readonly hasPatient: boolean
  readonly text: () => string
}

/** Loads everything; resolves to the patients that have wallets. */
export async function loadRiverside(
  options: DemoOptions,
  member: NetworkMember | undefined,
): Promise<Network['patients']> {
  if (member === undefined) throw new SalusError('internal', 'the demo has no Riverside')
  const sources = options.bundles === undefined ? syntheticSources() : folderSources(options.bundles)
  const bar = progress('loading patients', sources.length)
  const loaded: { id: string; name: string }[] = []
  for (const source of sources) {
    const patient = await load(source, member)
    if (patient !== undefined) loaded.push(patient)
    bar.increment()
  }
  bar.stop()
  await emptyOutbox(member)
  process.stdout.write(`riverside: ${loaded.length} patients loaded\n`)
  return makeWallets(options, member, loaded.slice(0, WALLETS))
}

const Waiting = z.object({ waiting: z.number() })

/** Waits until the ledger has everything that was recorded. */
async function emptyOutbox({ url, adminToken }: NetworkMember): Promise<void> {
  const request = { headers: { authorization: `Bearer ${adminToken}` } }
  while (parseAnswer(Waiting, await sendForJson(`${url}/admin/outbox`, request)).waiting > 0) await setTimeout(50)
}

function syntheticSources(): Source[] {
  return syntheticBundles({ seed: SEED, count: WALLETS }).map((bundle) => ({
    hasPatient: holdsPatient(bundle),
    text: () => JSON.stringify(bundle),
  }))
}

/** The bundles of a folder, in order of file name. @throws SalusError `file-not-found`, `usage` when there are none */
export function bundleNames(folder: string): readonly string[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (cause) {
    throw new SalusError('file-not-found', `cannot read the folder ${folder}`, {}, cause)
  }
  const bundles = names.filter((name) => name.endsWith('.json') || name.endsWith('.json.gz'))
  if (bundles.length === 0) throw new SalusError('usage', `there are no bundles in ${folder}`)
  return bundles.sort()
}

/** Bundles without a Patient come first: the others refer to what is in them. */
function folderSources(folder: string): Source[] {
  const sources = bundleNames(folder).map((name) => {
    const path = join(folder, name)
    return { hasPatient: holdsPatient(JSON.parse(readBundle(path)) as Bundle), text: () => readBundle(path) }
  })
  return [...sources.filter((source) => !source.hasPatient), ...sources.filter((source) => source.hasPatient)]
}

function holdsPatient(bundle: Bundle): boolean {
  return bundle.entry?.some((entry) => entry.resource?.resourceType === 'Patient') ?? false
}

async function load(source: Source, member: NetworkMember): Promise<{ id: string; name: string } | undefined> {
  const text = source.text()
  const answer = (await sendForJson(member.fhir, {
    method: 'POST',
    headers: { authorization: `Bearer ${member.adminToken}`, 'content-type': 'application/fhir+json' },
    body: text,
  })) as Bundle
  if (!source.hasPatient) return undefined
  const entries = (JSON.parse(text) as Bundle).entry ?? []
  const at = entries.findIndex((entry: BundleEntry) => entry.resource?.resourceType === 'Patient')
  const id = /Patient\/([^/]+)/.exec(answer.entry?.[at]?.response?.location ?? '')?.[1]
  if (id === undefined) throw new SalusError('answer-malformed', 'the node did not say where the patient is')
  return { id, name: nameOf(entries[at]?.resource as Patient) }
}

function nameOf(patient: Patient): string {
  const name = patient.name?.[0]
  return [...(name?.given ?? []), name?.family ?? ''].join(' ').trim() || 'a patient without a name'
}

const Enrolled = z.object({ fileId: z.string(), patient: z.string() })

async function makeWallets(
  options: DemoOptions,
  member: NetworkMember,
  patients: readonly { id: string; name: string }[],
): Promise<Network['patients']> {
  const folder = join(options.directory, 'wallets')
  // A first start that was interrupted leaves wallets that nobody knows the enrolment of.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const described: Network['patients'] = []
  for (const [i, { id, name }] of patients.entries()) {
    const wallet = createWallet()
    const { scheme, bytes } = wallet.identity(member.id).publicKey
    const answer = await postJson(
      `${member.url}/admin/enrolments`,
      { patient: `Patient/${id}`, key: { scheme, bytes: toBase64url(bytes) } },
      { authorization: `Bearer ${member.adminToken}` },
    )
    const { fileId, patient } = parseAnswer(Enrolled, answer)
    const path = join(folder, `${i + 1}.json`)
    const enrolled = wallet.withEnrolment({ custodian: member.id, url: member.url, fhir: member.fhir, patient, fileId })
    await createWalletFile(path, enrolled, DEMO_PASSPHRASE)
    described.push({ name, wallet: path, passphrase: DEMO_PASSPHRASE, files: { riverside: patient } })
  }
  return described
}
