/**
 * `GET [base]/[type]/[id]/_history/[version]/$proof`: the proof file of a version (docs/spec/record.md), by which whoever
 * may read it can check that it is what its custodian recorded, and since when. It carries the exact text and the salt
 * of the commitment, so it is decided and recorded like a read.
 */
import { SalusError } from '@salus/core'
import type { Interaction } from '../interaction.ts'

export const proof: Interaction = {
  name: 'proof',
  method: 'GET',
  path: '/:type/:id/_history/:version/$proof',
  right: 'read',
  writes: false,
  handle: async ({ gate, reader, prove }, request) => {
    const { principal, purpose, path } = request
    const instance = { type: path.type, id: path.id }
    const passage = await gate.open(principal, { interaction: 'proof', patients: [], instance, purpose })
    const version = await reader.vread(passage.permit, path.type, path.id, path.version)
    if (version === undefined) {
      await passage.notFound()
      throw new SalusError('not-found', 'there is no such version')
    }
    const body = await prove(version)
    await passage.close([version])
    return { status: 200, body }
  },
}
