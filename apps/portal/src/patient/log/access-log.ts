/**
 * The access log of all custodians, checked in this browser: each custodian's entries against the batches it committed,
 * these against the counts and chains that the ledger holds, and that against checkpoints that the genesis file's key
 * signed (sdk/src/log). Nothing here trusts the node that serves the page for what it says.
 */
import { type DisclosureEntry, SalusError, toHex } from '@salus/core'
import { type CheckedLog, type EntryStatus, readLog } from '@salus/sdk'
import { useQuery } from '@tanstack/react-query'
import { useNetwork } from '../../api/network.ts'
import { type CustodianFile, useCustodianFiles, witnessUrls } from '../custodians.ts'
import { useOpenWallet } from '../wallet/wallet-session.tsx'

export interface LogOfCustodian {
  readonly file: CustodianFile
  /** Null where the check itself failed; `failure` has the code. */
  readonly checked: CheckedLog | null
  readonly failure: string | null
}

/** Accesses that are alike and close in time, as one line. */
export interface Access {
  readonly key: string
  readonly custodian: string
  readonly requester: string
  readonly practitioner: string | null
  readonly purpose: string
  readonly decision: 'permit' | 'deny'
  readonly reason: string
  readonly emergency: string | null
  readonly timeMs: number
  readonly count: number
  readonly what: readonly { readonly type: string; readonly count: number }[]
  readonly status: EntryStatus
  /** The latest of them, by which its proof is asked for. */
  readonly sequence: number
  readonly file: CustodianFile
}

export interface AccessLog {
  readonly custodians: readonly LogOfCustodian[]
  readonly accesses: readonly Access[]
}

const TOGETHER_MS = 15 * 60_000

export function useAccessLog() {
  const files = useCustodianFiles()
  const network = useNetwork()
  const { genesisText } = useOpenWallet()
  return useQuery({
    queryKey: ['patient', 'log', files.map(({ enrolment }) => enrolment.fileId)],
    queryFn: async (): Promise<AccessLog> => {
      const nodes = witnessUrls(network)
      const custodians = await Promise.all(files.map((file) => readOne(file, genesisText, nodes)))
      return { custodians, accesses: inOrder(custodians.flatMap(accessesOf)) }
    },
  })
}

async function readOne(file: CustodianFile, genesisText: string, nodes: readonly string[]): Promise<LogOfCustodian> {
  const { client, fileId, enrolment } = file
  try {
    return { file, checked: await readLog(client, fileId, enrolment.fileId, genesisText, nodes), failure: null }
  } catch (error) {
    if (!(error instanceof SalusError)) throw error
    return { file, checked: null, failure: error.code }
  }
}

function accessesOf({ file, checked }: LogOfCustodian): readonly Access[] {
  const accesses: Access[] = []
  for (const { entry, status } of checked?.entries ?? []) {
    const before = accesses.at(-1)
    if (before !== undefined && isAlike(before, entry)) accesses[accesses.length - 1] = joined(before, entry, status)
    else accesses.push(accessOf(file, entry, status))
  }
  return accesses
}

function accessOf(file: CustodianFile, entry: DisclosureEntry, status: EntryStatus): Access {
  const { custodian, requester, practitioner, purpose, decision, reason, emergency, timeMs, what, sequence } = entry
  const key = `${toHex(entry.fileId)}.${sequence}`
  return {
    key,
    custodian,
    requester,
    practitioner,
    purpose,
    decision,
    reason,
    emergency,
    timeMs,
    what,
    sequence,
    status,
    count: 1,
    file,
  }
}

/** Emergency access is never folded away. */
function isAlike(before: Access, entry: DisclosureEntry): boolean {
  return (
    entry.emergency === null &&
    before.emergency === null &&
    before.requester === entry.requester &&
    before.practitioner === entry.practitioner &&
    before.purpose === entry.purpose &&
    before.reason === entry.reason &&
    before.decision === entry.decision &&
    entry.timeMs - before.timeMs < TOGETHER_MS
  )
}

function joined(before: Access, entry: DisclosureEntry, status: EntryStatus): Access {
  const counts = new Map(before.what.map(({ type, count }) => [type, count]))
  for (const { type, count } of entry.what) counts.set(type, (counts.get(type) ?? 0) + count)
  return {
    ...before,
    timeMs: entry.timeMs,
    sequence: entry.sequence,
    count: before.count + 1,
    what: [...counts].map(([type, count]) => ({ type, count })),
    status: status === 'proven' ? before.status : status,
  }
}

/** Emergency access first, then the latest. */
function inOrder(accesses: readonly Access[]): readonly Access[] {
  return accesses.toSorted((a, b) => Number(b.emergency !== null) - Number(a.emergency !== null) || b.timeMs - a.timeMs)
}
