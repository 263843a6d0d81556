/** create and conditional create: `POST [base]/[type]`, `If-None-Exist` (FHIR R4 sections 3.1.0.8 and 3.1.0.8.1). */
import { randomUUID } from 'node:crypto'
import { requireResource } from '../body.ts'
import { put, writeInteraction } from '../write.ts'

export const create = writeInteraction({
  name: 'create',
  method: 'POST',
  path: '/:type',
  right: 'create',
  asks: 'create',
  plan: async (lookups, request) => {
    const { path, headers, body } = request
    const resource = requireResource(body, path.type)
    const existing = headers.ifNoneExist === undefined ? undefined : await lookups.match(path.type, headers.ifNoneExist)
    if (existing) return { status: 200, change: null, existing }
    return { status: 201, change: put(request, resource, randomUUID(), 'POST'), existing: undefined }
  },
})
