/** Reads a disclosure log from its custodian and holds it against the ledger as every reachable node shows it. */
import {
  decode,
  equalBytes,
  type Genesis,
  MemberRow,
  readGenesis,
  SalusError,
  stateKey,
  toBase64url,
} from '@salus/core'
import { readProofFile, type StateProof, verifyStateProof } from '@salus/proof'
import { sendForText } from '../http.ts'
import type { Custodian, PatientClient } from '../patient-client.ts'
import { type CheckedLog, checkLog, type FileEvidence } from './check.ts'

/** How often a log is read again when the ledger moved on between the custodian's answer and the ledger's. */
const READS_MAX = 5

/**
 * The checked log of `fileId` (16 bytes). `nodes` are the URLs to ask for the ledger's count; one honest node among
 * them is enough, since the newest checkpoint wins.
 * @throws SalusError `unreachable` when the custodian does not answer, and as `checkLog`
 */
export async function readLog(
  client: PatientClient,
  fileId: Uint8Array,
  fileName: string,
  genesisText: string,
  nodes: readonly string[],
): Promise<CheckedLog> {
  const genesis = readGenesis(genesisText)
  for (let read = 1; ; read++) {
    const shown = await client.log(fileName)
    const evidence = await gatherEvidence(client.custodian, fileId, genesis, nodes)
    const checked = checkLog(shown, evidence, fileId, genesis)
    // More counted than shown, under a later checkpoint than the statement's: the ledger may just have moved on.
    const moved = checked.counted > checked.shown && checked.omission === null
    if (!moved || read >= READS_MAX) return checked
  }
}

async function gatherEvidence(
  custodian: Custodian,
  fileId: Uint8Array,
  genesis: Genesis,
  nodes: readonly string[],
): Promise<FileEvidence> {
  const urls = [...new Set([custodian.url, ...nodes])]
  const newest = async (key: Uint8Array): Promise<StateProof> => {
    const proofs = await Promise.all(urls.map((url) => fetchProof(url, key, genesis)))
    const found = proofs.filter((proof) => proof !== undefined)
    found.sort((a, b) => b.height - a.height)
    if (found[0] === undefined) throw new SalusError('ledger-unreachable', 'no node shows the ledger')
    return found[0].proof
  }
  const member = await newest(stateKey('membership', 'member', [custodian.memberId]))
  if (member.value === null) throw new SalusError('member-unknown', 'the ledger knows no such custodian')
  const { signingKey } = decode(MemberRow, member.value)
  return {
    disclosures: await newest(stateKey('disclosure', 'file', [fileId])),
    file: await newest(stateKey('record', 'file', [fileId])),
    member,
    signer: await newest(stateKey('membership', 'key', [signingKey])),
  }
}

async function fetchProof(
  url: string,
  key: Uint8Array,
  genesis: Genesis,
): Promise<{ proof: StateProof; height: number } | undefined> {
  try {
    const text = await sendForText(`${url}/ledger/proof/state/${toBase64url(key)}`)
    const file = readProofFile(text)
    if (file.kind !== 'state' || !equalBytes(file.proof.key, key)) return undefined
    return { proof: file.proof, height: verifyStateProof(file.proof, genesis).height }
  } catch (error) {
    // A node that does not answer, or answers wrongly, is one witness less; the others decide.
    if (error instanceof SalusError) return undefined
    throw error
  }
}
