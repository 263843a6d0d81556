/**
 * `peers.json` in a member's folder: where its CometBFT listens and whom it connects to, and, for a member that joins
 * a running network, the checkpoint from which it trusts a snapshot. Operators edit it; the genesis file says the rest.
 */
import { writeFileSync } from 'node:fs'
import { SalusError } from '@salus/core'
import { NOTE_LENGTH_MAX } from '@salus/proof'
import { z } from 'zod'
import { readJson } from './network.ts'

const FORMAT = 'salus-peers/1'
const Peer = z.string().regex(/^[0-9a-f]{40}@[^\s@,]{1,253}:\d{1,5}$/)

const PeersFile = z.strictObject({
  format: z.literal(FORMAT),
  /** Where to listen, for example `tcp://0.0.0.0:26656`. */
  listen: z.string().regex(/^tcp:\/\/[^\s]{1,253}:\d{1,5}$/),
  peers: z.array(Peer).max(1000),
  stateSync: z
    .strictObject({
      /** Where two or more members' nodes answer for light blocks. */
      servers: z
        .array(z.url({ protocol: /^https?$/ }))
        .min(2)
        .max(16),
      /** A checkpoint of any of them, which is checked against the genesis file. */
      checkpoint: z.string().max(NOTE_LENGTH_MAX),
    })
    .nullable(),
})
export type PeersFile = z.infer<typeof PeersFile>

export function writePeers(path: string, peers: Omit<PeersFile, 'format'>): void {
  writeFileSync(path, `${JSON.stringify({ format: FORMAT, ...peers }, null, 2)}\n`)
}

/** @throws SalusError `file-not-found`, `usage` */
export function readPeers(path: string): PeersFile {
  const parsed = PeersFile.safeParse(readJson(path))
  if (!parsed.success) throw new SalusError('usage', `${path} does not say who the peers are`)
  return parsed.data
}
