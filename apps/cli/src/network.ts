/** The network that a command speaks to, as `demo.json` in the state folder describes it (docs/operating/demo.md). */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SalusError } from '@salus/core'
import { z } from 'zod'

const Member = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  url: z.string(),
  fhir: z.string(),
  organization: z.string(),
  adminToken: z.string(),
  clinicianToken: z.string(),
  clinicianPractitioner: z.string(),
})
export type NetworkMember = z.infer<typeof Member>

const Patient = z.object({
  name: z.string(),
  wallet: z.string(),
  passphrase: z.string(),
  files: z.record(z.string(), z.string()),
})

export const Network = z.object({
  portal: z.string(),
  genesis: z.string(),
  members: z.record(z.string(), Member),
  patients: z.array(Patient),
})
export type Network = z.infer<typeof Network>

/** @throws SalusError `usage` when there is no network in `directory` */
export function readNetwork(directory: string): Network {
  const path = join(directory, 'demo.json')
  if (!existsSync(path)) {
    throw new SalusError(
      'usage',
      `there is no network in ${directory}: start one with npm start, or name it with --dir`,
    )
  }
  const parsed = Network.safeParse(readJson(path))
  if (!parsed.success) throw new SalusError('usage', `${path} does not describe a network`)
  return parsed.data
}

/** @throws SalusError `member-unknown` */
export function memberOf(network: Network, key: string): NetworkMember {
  const member = network.members[key]
  if (member === undefined) {
    throw new SalusError('member-unknown', `no member is called ${key}`, { members: Object.keys(network.members) })
  }
  return member
}

/** @throws SalusError `file-not-found` */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new SalusError('file-not-found', `cannot read ${path}`, {}, cause)
  }
}

/** @throws SalusError `file-not-found`, `usage` */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path))
  } catch (cause) {
    if (cause instanceof SalusError) throw cause
    throw new SalusError('usage', `${path} is not JSON`, {}, cause)
  }
}
