/** Requests for access to the patient's records, of all custodians. */
import { parseAnswer } from '@salus/sdk'
import { useQuery } from '@tanstack/react-query'
import { z } from 'zod'
import { type CustodianFile, useCustodianFiles } from '../custodians.ts'

const Answer = z.object({
  requests: z.array(
    z.object({
      id: z.string(),
      requester: z.string(),
      practitioner: z.string().nullable(),
      practitionerName: z.string(),
      purpose: z.string(),
      types: z.array(z.string()),
      message: z.string(),
      status: z.enum(['open', 'granted', 'declined']),
      madeAtMs: z.number(),
    }),
  ),
})

export type AccessRequest = z.infer<typeof Answer>['requests'][number] & { readonly file: CustodianFile }

/** All requests, the latest first; undefined while they are asked for. */
export function useRequests(): { readonly data: readonly AccessRequest[] | undefined; readonly error: unknown } {
  const files = useCustodianFiles()
  return useQuery({
    queryKey: ['patient', 'requests', files.map(({ enrolment }) => enrolment.fileId)],
    queryFn: async () => {
      const alive = files.filter(({ enrolment }) => enrolment.patient !== null)
      const all = await Promise.all(alive.map(requestsOf))
      return all.flat().sort((a, b) => b.madeAtMs - a.madeAtMs)
    },
  })
}

async function requestsOf(file: CustodianFile): Promise<AccessRequest[]> {
  const answer = await file.client.read(`/patient/files/${file.enrolment.fileId}/requests`)
  return parseAnswer(Answer, answer).requests.map((request) => ({ ...request, file }))
}

export function useOpenRequests(): readonly AccessRequest[] {
  return useRequests().data?.filter(({ status }) => status === 'open') ?? []
}

export function endRequest({ file, id }: AccessRequest, status: 'granted' | 'declined'): Promise<unknown> {
  return file.client.send(`/patient/files/${file.enrolment.fileId}/requests/${id}`, { status })
}
