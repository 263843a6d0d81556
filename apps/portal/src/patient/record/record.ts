/** The patient's own record, from each custodian's `/patient/fhir`. Each reading is in the access log, as the patient's. */
import type { Bundle, Patient, Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { type CustodianFile, useCustodianFiles } from '../custodians.ts'
import { type Item, itemsOf } from './items.ts'

export interface RecordOfCustodian {
  readonly file: CustodianFile
  readonly patient: Patient | null
  readonly resources: readonly Resource[]
  readonly items: readonly Item[]
}

export interface WholeRecord {
  readonly custodians: readonly RecordOfCustodian[]
  /** The items of all custodians, the latest first. */
  readonly items: readonly (Item & { readonly custodian: string })[]
  /** Names of the custodians that did not answer. */
  readonly unanswered: readonly string[]
}

const PAGES_MAX = 100

export function useRecord(): WholeRecord {
  const files = useCustodianFiles()
  return useSuspenseQuery({
    queryKey: ['patient', 'record', files.map(({ enrolment }) => enrolment.fileId)],
    queryFn: () => readAll(files),
    staleTime: 5 * 60_000,
  }).data
}

async function readAll(files: readonly CustodianFile[]): Promise<WholeRecord> {
  const read = await Promise.allSettled(files.map(readOne))
  const custodians = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const unanswered = files.filter((_, i) => read[i]?.status === 'rejected').map(({ member }) => member.name)
  const [firstFailure] = read.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  if (custodians.length === 0 && firstFailure !== undefined) throw firstFailure
  const items = custodians.flatMap(({ file, items: own }) =>
    own.map((item) => ({ ...item, custodian: file.member.name })),
  )
  return { custodians, items: items.sort((a, b) => b.timeMs - a.timeMs), unanswered }
}

async function readOne(file: CustodianFile): Promise<RecordOfCustodian> {
  const { patient: reference } = file.enrolment
  if (reference === null) return { file, patient: null, resources: [], items: [] }
  const resources: Resource[] = []
  let path: string | null = `/patient/fhir/${reference}/$everything?_count=1000`
  for (let page = 0; path !== null; page++) {
    if (page > PAGES_MAX) throw new SalusError('answer-too-large', 'the record has too many pages')
    const bundle: Bundle = bundleOf(await file.client.read(path))
    resources.push(...(bundle.entry ?? []).flatMap(({ resource }) => resource ?? []))
    path = nextOf(bundle)
  }
  const patient = resources.find(
    (resource): resource is Patient => `${resource.resourceType}/${resource.id}` === reference,
  )
  return { file, patient: patient ?? null, resources, items: itemsOf(resources) }
}

function bundleOf(answer: unknown): Bundle {
  if (typeof answer === 'object' && answer !== null && 'resourceType' in answer && answer.resourceType === 'Bundle') {
    return answer as Bundle
  }
  throw new SalusError('answer-malformed', 'the answer of the node is not what it should be')
}

/** Links name the node as the ledger does, and this page may know it by another name: the path is what counts. */
function nextOf({ link }: Bundle): string | null {
  const next = link?.find(({ relation }) => relation === 'next')?.url
  if (next === undefined) return null
  const { pathname, search } = new URL(next)
  return pathname + search
}
