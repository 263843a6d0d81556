/**
 * Where a patient's record comes from: the member at which it was found, and every other member, asked by the numbers
 * that the record has. A member that refuses and one that holds nothing look the same, as the node tells them apart to
 * nobody but the patient.
 */
import type { Patient, Resource } from '@medplum/fhirtypes'
import { SalusError } from '@salus/core'
import { useQueries } from '@tanstack/react-query'
import { type Member, useNetwork } from '../../../api/network.ts'
import { type Item, itemsOf } from '../../../patient/record/items.ts'
import { baseOf, type Emergency, readEverything, searchPatients } from '../../fhir.ts'

/** Who is meant at a member: an id there, or any of some numbers. */
export type Who = { readonly id: string } | { readonly numbers: readonly string[] }

export interface Reading {
  readonly patient: Patient | null
  readonly id: string
  readonly resources: readonly Resource[]
  readonly items: readonly (Item & { readonly custodian: string })[]
}

export interface Source {
  readonly member: Member
  readonly who: Who
  readonly isOwn: boolean
  readonly emergency: Emergency
  /** `none`: refused, or nothing there. */
  readonly state: 'asking' | 'read' | 'none' | 'failed'
  readonly reading: Reading | null
  readonly error: unknown
  readonly retry: () => void
}

const REFUSED = new Set(['access-refused', 'not-found'])

/** One source for each member; `emergencies` are the stated reasons, by member id. */
export function useSources(anchor: Member, who: Who, emergencies: Readonly<Record<string, string>>): readonly Source[] {
  const network = useNetwork()
  const [first] = useQueries({ queries: [queryOf(anchor, who)] })
  const numbers = numbersToAsk(who, first.data?.patient ?? null)
  const others = network.members.filter(({ id, status }) => id !== anchor.id && status === 'active')
  const rest = useQueries({
    queries: others.map((member) => ({
      ...queryOf(member, { numbers }),
      enabled: numbers.length > 0 && !first.isPending,
    })),
  })
  return [
    describe(anchor, who, first),
    ...others.map((member, i) => describe(member, { numbers }, rest[i] as (typeof rest)[number])),
  ]

  function queryOf(member: Member, of: Who) {
    const emergency = emergencies[member.id] ?? null
    return {
      queryKey: ['staff', 'record', member.id, of, emergency] as const,
      queryFn: () => read(baseOf(network, member), member, of, emergency),
      staleTime: 60_000,
      gcTime: 0,
    }
  }

  function describe(
    member: Member,
    of: Who,
    query: { data: Reading | null | undefined; error: unknown; isPending: boolean; refetch: () => unknown },
  ): Source {
    const isIdle = 'numbers' in of && of.numbers.length === 0
    const state =
      query.error !== null
        ? 'failed'
        : query.data === undefined
          ? isIdle
            ? 'none'
            : 'asking'
          : query.data === null
            ? 'none'
            : 'read'
    return {
      member,
      who: of,
      isOwn: member.id === network.own,
      emergency: emergencies[member.id] ?? null,
      state,
      reading: query.data ?? null,
      error: query.error,
      retry: () => void query.refetch(),
    }
  }
}

function numbersToAsk(who: Who, patient: Patient | null): readonly string[] {
  if (patient === null) return 'numbers' in who ? who.numbers : []
  return (patient.identifier ?? []).flatMap(({ system, value }) =>
    value === undefined ? [] : system === undefined ? value : `${system}|${value}`,
  )
}

/** The record, or null where it is refused or there is none. */
async function read(base: string, member: Member, who: Who, emergency: Emergency): Promise<Reading | null> {
  try {
    const id = 'id' in who ? who.id : await idOf(base, who.numbers, emergency)
    if (id === null) return null
    const resources = await readEverything(base, id, emergency)
    if (resources.length === 0) return null
    const patient = resources.find(
      (resource): resource is Patient => resource.resourceType === 'Patient' && resource.id === id,
    )
    const items = itemsOf(resources).map((item) => ({ ...item, custodian: member.name }))
    return { patient: patient ?? null, id, resources, items }
  } catch (error) {
    if (error instanceof SalusError && REFUSED.has(error.code)) return null
    throw error
  }
}

async function idOf(base: string, numbers: readonly string[], emergency: Emergency): Promise<string | null> {
  const query = new URLSearchParams({ identifier: numbers.map(escaped).join(',') })
  const [patient] = await searchPatients(base, query, emergency)
  return patient?.id ?? null
}

/** A comma would be an "or" (FHIR R4, search, escaping). */
function escaped(number: string): string {
  return number.replaceAll('\\', '\\\\').replaceAll(',', '\\,').replaceAll('$', '\\$')
}
