/** The recipient's check: that what arrived is what its custodian recorded, and since when. */

import type { Bundle, Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { openProofFile, type RecordClaim, readProofFile } from '@salus/proof'
import { equalJson } from './equal.ts'

/** A version of a resource, as an answer names it. */
export interface ReceivedVersion {
  readonly type: string
  readonly id: string
  readonly version: string
  readonly resource: Resource
}

/** The tag of a resource that was shortened for the answer (FHIR R4 section 3.1.1.5.9): it has no proof of its own. */
const SUBSETTED = 'SUBSETTED'

/** What an answer brought: versions that can be checked, and how many resources carry no proof of their own. */
export interface Received {
  readonly versions: readonly ReceivedVersion[]
  /** Resources that were shortened for the answer, or do not say which version they are. */
  readonly unprovable: number
}

/** The resources in an answer, a resource or a Bundle; outcomes are no records. */
export function received(answer: Resource): Received {
  const resources = (answer.resourceType === 'Bundle' ? bundled(answer) : [answer]).filter(
    ({ resourceType }) => resourceType !== 'OperationOutcome',
  )
  const versions = resources.flatMap((resource) => {
    const { resourceType: type, id, meta } = resource
    const shortened = meta?.tag?.some((tag) => tag.code === SUBSETTED) ?? false
    if (id === undefined || meta?.versionId === undefined || shortened) return []
    return [{ type, id, version: meta.versionId, resource }]
  })
  return { versions, unprovable: resources.length - versions.length }
}

function bundled(bundle: Bundle): Resource[] {
  return (bundle.entry ?? []).flatMap((entry) => {
    const { resource } = entry
    if (resource === undefined) return []
    return resource.resourceType === 'Bundle' ? bundled(resource) : [resource]
  })
}

/**
 * Checks a received version against the text of its proof file, which must be of this custodian (a member's id).
 * @throws SalusError `record-mismatch` when the proof is about something else, and the codes of proofs that do not hold
 */
export function checkReceived(
  version: ReceivedVersion,
  custodian: string,
  proof: string,
  genesis: string,
): RecordClaim {
  const { claim } = openProofFile(proof, genesis)
  const file = readProofFile(proof)
  if (claim.kind !== 'record' || file.kind !== 'record' || file.resource === null) throw mismatch(version)
  const { type, id, resource } = version
  const isAbout = claim.type === type && claim.id === id && claim.version === version.version
  const isTheirs = claim.custodian === custodian
  if (!isAbout || !isTheirs || !equalJson(JSON.parse(file.resource), resource)) throw mismatch(version)
  return claim
}

function mismatch({ type, version }: ReceivedVersion): SalusError {
  return new SalusError('record-mismatch', 'what arrived is not what was recorded', { type, version })
}
