/** The CapabilityStatement (FHIR R4 section 3.1.0.9), made from the registry and the definitions so that it is true. */
import type {
  CapabilityStatement,
  CapabilityStatementRest,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceInteraction,
  CapabilityStatementRestResourceSearchParam,
  CapabilityStatementRestSecurity,
} from '@medplum/fhirtypes'
import { AUDIT_EVENT_CAPABILITY } from '../../audit/audit-capability.ts'
import { definitions } from '../../vault/definitions/definitions.ts'
import { parametersOf } from '../../vault/index/parameters.ts'
import { includeValues, reverseIncludeValues } from './include-values.ts'
import type { Interaction } from './interaction.ts'

/** The endpoints of the member's authorization server, as in its smart-configuration. */
export interface OauthUris {
  readonly token: string
  readonly introspect: string
  readonly revoke: string
}

type TypeInteraction = NonNullable<CapabilityStatementRestResourceInteraction['code']>

const TYPE_INTERACTIONS: readonly TypeInteraction[] = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
]

const OPERATIONS = 'http://hl7.org/fhir/OperationDefinition'

/** `$proof` is ours: docs/spec/record.md. */
const PROOF_OPERATION = 'urn:salus:operation:proof'

/** The text of the statement for who sees this server under a base URL; its long part is made once, when first asked for. */
export function capabilityStatement(registry: readonly Interaction[], oauth: OauthUris): (base: string) => string {
  const names = new Set(registry.map(({ name }) => name))
  const date = new Date().toISOString()
  let restText: string | undefined
  return (base) => {
    restText ??= JSON.stringify([rest(names, oauth)])
    const head: CapabilityStatement = {
      resourceType: 'CapabilityStatement',
      status: 'active',
      date,
      kind: 'instance',
      software: { name: 'Salus' },
      implementation: { description: 'Salus member node', url: base },
      fhirVersion: '4.0.1',
      format: ['application/fhir+json', 'json'],
      ...(names.has('patch') ? { patchFormat: ['application/json-patch+json'] } : {}),
    }
    return `${JSON.stringify(head).slice(0, -1)},"rest":${restText}}`
  }
}

function rest(names: ReadonlySet<string>, oauth: OauthUris): CapabilityStatementRest {
  const system = [
    ...(names.has('bundle') ? (['transaction', 'batch'] as const) : []),
    ...(['search-system', 'history-system'] as const).filter((code) => names.has(code)),
  ]
  const interaction = TYPE_INTERACTIONS.filter((code) => names.has(code)).map((code) => ({ code }))
  return {
    mode: 'server',
    security: security(oauth),
    resource: types().map((type) => resource(type, names, interaction)),
    interaction: system.map((code) => ({ code })),
    ...(names.has('search-compartment') ? { compartment: ['http://hl7.org/fhir/CompartmentDefinition/patient'] } : {}),
  }
}

/** The types of R4's own value set: the definitions hold one of R4B besides, which no R4 client knows. */
function types(): readonly string[] {
  const known = new Set(definitions.codes['resource-types']?.codes)
  return definitions.resources.filter((type) => known.has(type))
}

function resource(
  type: string,
  names: ReadonlySet<string>,
  interaction: CapabilityStatementRestResourceInteraction[],
): CapabilityStatementRestResource {
  const operations = [
    ...(names.has('proof') ? [{ name: 'proof', definition: PROOF_OPERATION }] : []),
    ...(names.has('validate') ? [{ name: 'validate', definition: `${OPERATIONS}/Resource-validate` }] : []),
    ...(type === 'Patient' && names.has('everything')
      ? [{ name: 'everything', definition: `${OPERATIONS}/Patient-everything` }]
      : []),
  ]
  return {
    type: type as NonNullable<CapabilityStatementRestResource['type']>,
    interaction,
    versioning: 'versioned',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: names.has('conditional-update'),
    conditionalDelete: names.has('conditional-delete') ? 'single' : 'not-supported',
    searchParam: searchParameters(type),
    ...(operations.length > 0 ? { operation: operations } : {}),
    ...includes(type),
    ...(type === 'AuditEvent' ? AUDIT_EVENT_CAPABILITY : {}),
  }
}

function includes(type: string): Pick<CapabilityStatementRestResource, 'searchInclude' | 'searchRevInclude'> {
  const [searchInclude, searchRevInclude] = [includeValues(type), reverseIncludeValues(type)]
  return {
    ...(searchInclude.length > 0 ? { searchInclude } : {}),
    ...(searchRevInclude.length > 0 ? { searchRevInclude } : {}),
  }
}

function searchParameters(type: string): CapabilityStatementRestResourceSearchParam[] {
  const own = [...parametersOf(type).values()].map(({ code, type: kind }) => ({ name: code, type: kind }))
  const columns = [
    { name: '_id', type: 'token' },
    { name: '_lastUpdated', type: 'date' },
  ] as const
  return [...columns, ...own].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** SMART App Launch: the endpoints stand in an extension, for clients that do not read smart-configuration. */
function security(oauth: OauthUris): CapabilityStatementRestSecurity {
  const uris = Object.entries(oauth).map(([url, valueUri]) => ({ url, valueUri: valueUri as string }))
  const system = 'http://terminology.hl7.org/CodeSystem/restful-security-service'
  return {
    extension: [{ url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris', extension: uris }],
    service: [{ coding: [{ system, code: 'SMART-on-FHIR' }], text: 'OAuth 2.0 by SMART Backend Services' }],
  }
}
