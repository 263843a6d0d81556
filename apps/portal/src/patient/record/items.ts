/**
 * What the pages show of a FHIR record: each resource as an item of one part of the record, with a title, when it was,
 * and, for measurements, values with their reference range. Resources of types that are no part are counted as other.
 */
import type {
  CodeableConcept,
  DocumentReference,
  Encounter,
  Observation,
  ObservationComponent,
  Practitioner,
  Resource,
} from '@medplum/fhirtypes'

export const PARTS = [
  'vitals',
  'labs',
  'medications',
  'conditions',
  'allergies',
  'immunizations',
  'procedures',
  'visits',
  'documents',
] as const
export type Part = (typeof PARTS)[number]

export interface Value {
  /** What is measured: the name of a component, or of the observation. */
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly low: number | null
  readonly high: number | null
}

export interface Item {
  /** `Observation/1` */
  readonly reference: string
  readonly part: Part
  readonly title: string
  /** The code that makes a series of measurements; null for what is no measurement. */
  readonly series: string | null
  readonly timeMs: number
  readonly values: readonly Value[]
  /** In words, where it has no number. */
  readonly detail: string | null
  /** False for what is over: resolved, stopped, completed. */
  readonly isCurrent: boolean
  /** True where a value lies outside its reference range, or is marked as such. */
  readonly isOutside: boolean
  readonly isRestricted: boolean
  readonly performer: string | null
  readonly resource: Resource
}

/** The items of a record; `resources` may hold practitioners, who then have names. */
export function itemsOf(resources: readonly Resource[]): readonly Item[] {
  const names = namesIn(resources)
  const items = resources.flatMap((resource) => itemOf(resource, names) ?? [])
  return items.sort((a, b) => b.timeMs - a.timeMs)
}

type Names = ReadonlyMap<string, string>

function namesIn(resources: readonly Resource[]): Names {
  const names = new Map<string, string>()
  for (const resource of resources) {
    if (resource.resourceType === 'Practitioner') names.set(`Practitioner/${resource.id}`, practitionerName(resource))
    if (resource.resourceType === 'Organization') names.set(`Organization/${resource.id}`, resource.name ?? '')
  }
  return names
}

function practitionerName({ name }: Practitioner): string {
  const [first] = name ?? []
  return [...(first?.prefix ?? []), ...(first?.given ?? []), first?.family ?? ''].join(' ').trim()
}

function itemOf(resource: Resource, names: Names): Item | null {
  const item = describe(resource)
  if (item === null) return null
  const labels = resource.meta?.security ?? []
  return {
    reference: `${resource.resourceType}/${resource.id}`,
    series: null,
    values: [],
    detail: null,
    isCurrent: true,
    isOutside: false,
    isRestricted: labels.some(({ code }) => code === 'R' || code === 'V'),
    performer: performerOf(resource, names),
    resource,
    ...item,
  }
}

type Described = Pick<Item, 'part' | 'title' | 'timeMs'> & Partial<Item>

function describe(resource: Resource): Described | null {
  switch (resource.resourceType) {
    case 'Observation':
      return observation(resource)
    case 'MedicationRequest':
      return {
        part: 'medications',
        title: textOf(resource.medicationCodeableConcept),
        timeMs: at(resource.authoredOn),
        detail: resource.dosageInstruction?.[0]?.text ?? null,
        isCurrent: resource.status === 'active',
      }
    case 'Condition':
      return {
        part: 'conditions',
        title: textOf(resource.code),
        timeMs: at(resource.onsetDateTime ?? resource.recordedDate),
        isCurrent: resource.clinicalStatus?.coding?.[0]?.code === 'active',
      }
    case 'AllergyIntolerance':
      return {
        part: 'allergies',
        title: textOf(resource.code),
        timeMs: at(resource.recordedDate),
        detail: resource.reaction?.map(({ manifestation }) => textOf(manifestation?.[0])).join(', ') ?? null,
        isOutside: resource.criticality === 'high',
      }
    case 'Immunization':
      return { part: 'immunizations', title: textOf(resource.vaccineCode), timeMs: at(resource.occurrenceDateTime) }
    case 'Procedure':
      return {
        part: 'procedures',
        title: textOf(resource.code),
        timeMs: at(resource.performedDateTime ?? resource.performedPeriod?.start),
      }
    case 'Encounter':
      return {
        part: 'visits',
        title: textOf(resource.type?.[0]),
        timeMs: at(resource.period?.start),
        detail: visitReason(resource),
      }
    case 'DocumentReference':
      return {
        part: 'documents',
        title: textOf(resource.type),
        timeMs: at(resource.date),
        detail: documentText(resource),
      }
    case 'CarePlan':
      return {
        part: 'documents',
        title: resource.title ?? textOf(resource.category?.[0]),
        timeMs: at(resource.period?.start),
        detail: resource.activity?.map(({ detail }) => detail?.description ?? '').join('\n') ?? null,
      }
    default:
      return null
  }
}

function observation(resource: Observation): Described {
  const code = resource.code.coding?.[0]?.code ?? textOf(resource.code)
  const category = resource.category?.flatMap(({ coding }) => coding?.map((one) => one.code) ?? []) ?? []
  const components = resource.component?.map(measured) ?? [measured(resource)]
  const values = components.filter((value) => value !== null)
  const marked = resource.interpretation?.[0]?.coding?.[0]?.code
  const isMarked = marked !== undefined && marked !== 'N'
  return {
    part: category.includes('vital-signs') ? 'vitals' : 'labs',
    title: shortName(textOf(resource.code)),
    series: values.length > 0 ? code : null,
    timeMs: at(resource.effectiveDateTime ?? resource.effectivePeriod?.start ?? resource.issued),
    values,
    detail: resource.valueString ?? (resource.valueCodeableConcept ? textOf(resource.valueCodeableConcept) : null),
    isOutside: isMarked || values.some(isOutsideRange),
  }
}

/** A value below or above its reference range. */
export function isOutsideRange({ value, low, high }: Value): boolean {
  return (low !== null && value < low) || (high !== null && value > high)
}

function measured(source: Observation | ObservationComponent): Value | null {
  const { valueQuantity: quantity, referenceRange, code } = source
  if (quantity?.value === undefined) return null
  return {
    name: shortName(textOf(code)),
    value: quantity.value,
    unit: unitText(quantity.unit ?? quantity.code ?? ''),
    low: referenceRange?.[0]?.low?.value ?? null,
    high: referenceRange?.[0]?.high?.value ?? null,
  }
}

/** UCUM's spelling, as people write it. */
function unitText(unit: string): string {
  return { 'mm[Hg]': 'mmHg', '/min': '/min', '{score}': '', 'kg/m2': 'kg/m²' }[unit] ?? unit
}

/** LOINC's long names end in what was measured how; the first words say it. */
function shortName(name: string): string {
  return name
    .replace(/ \[.*$/, '')
    .replace(/ panel$/, '')
    .replace(/\/Hemoglobin\.total.*$/, '')
}

function textOf(concept: CodeableConcept | undefined): string {
  return concept?.text ?? concept?.coding?.[0]?.display ?? concept?.coding?.[0]?.code ?? '–'
}

function visitReason({ reasonCode, reasonReference }: Encounter): string | null {
  return reasonCode?.[0] === undefined ? (reasonReference?.[0]?.display ?? null) : textOf(reasonCode[0])
}

function documentText({ content, description }: DocumentReference): string | null {
  const attachment = content[0]?.attachment
  if (!attachment?.contentType?.startsWith('text/plain') || attachment.data === undefined) return description ?? null
  const bytes = Uint8Array.from(atob(attachment.data), (character) => character.charCodeAt(0))
  return new TextDecoder().decode(bytes)
}

function performerOf(resource: Resource, names: Names): string | null {
  const reference =
    resource.resourceType === 'Observation'
      ? resource.performer?.[0]?.reference
      : resource.resourceType === 'MedicationRequest'
        ? resource.requester?.reference
        : resource.resourceType === 'Encounter'
          ? resource.participant?.[0]?.individual?.reference
          : resource.resourceType === 'DocumentReference'
            ? resource.author?.[0]?.reference
            : undefined
  return names.get(reference ?? '') ?? null
}

function at(time: string | undefined): number {
  const timeMs = Date.parse(time ?? '')
  return Number.isNaN(timeMs) ? 0 : timeMs
}
