/**
 * Every error that leaves the API: the ONE table from the stable codes of SalusError to HTTP status and FHIR issue
 * type (http://hl7.org/fhir/issue-type), and the OperationOutcome made from it.
 */

import type { OperationOutcomeIssue } from '@medplum/fhirtypes'
import { isSalusError, type SalusError } from '@salus/core'
import type { ValidationIssue } from '../../vault/validate.ts'
import type { FhirReply } from './interaction.ts'

/** System of the stable codes in `OperationOutcome.issue.details.coding`. */
export const ERROR_CODE_SYSTEM = 'urn:salus:error-code'
/** System of the reasons of a refusal, beside the code. */
const REASON_SYSTEM = 'urn:salus:reason'

/** Paths of faults hold names as the client wrote them, so they are cut. */
const EXPRESSION_LENGTH_MAX = 256

type Row = readonly [status: number, issue: OperationOutcomeIssue['code']]

const TABLE: Readonly<Record<string, Row>> = {
  'access-refused': [403, 'forbidden'],
  'not-committed-yet': [409, 'incomplete'],
  'insufficient-scope': [403, 'forbidden'],
  'operator-required': [403, 'forbidden'],
  'write-not-allowed': [403, 'forbidden'],
  'emergency-reason-required': [403, 'forbidden'],
  'exchange-own-users': [403, 'forbidden'],
  'exchange-token-refused': [403, 'forbidden'],
  'member-unknown': [404, 'not-found'],
  'exchange-path': [400, 'invalid'],
  'exchange-unreachable': [502, 'transient'],
  'exchange-answer': [502, 'exception'],
  'not-found': [404, 'not-found'],
  'commitment-unknown': [404, 'not-found'],
  'resource-absent': [404, 'not-found'],
  'path-unknown': [404, 'not-supported'],
  'type-unknown': [404, 'not-supported'],
  'patient-erased': [410, 'deleted'],
  gone: [410, 'deleted'],
  'method-not-allowed': [405, 'not-supported'],
  'audit-event-read-only': [405, 'not-supported'],
  'format-not-supported': [406, 'not-supported'],
  'version-conflict': [412, 'conflict'],
  'condition-matches-none': [412, 'not-found'],
  'condition-matches-many': [412, 'multiple-matches'],
  'body-too-large': [413, 'too-long'],
  'fhir-json-too-long': [413, 'too-long'],
  'too-many-entries': [413, 'too-costly'],
  'reply-too-large': [400, 'too-costly'],
  'media-type-not-supported': [415, 'not-supported'],
  'resource-invalid': [422, 'invariant'],
  'validate-profile-unknown': [400, 'not-supported'],
  'validate-mode-unsupported': [400, 'not-supported'],
  'patch-too-large': [413, 'too-long'],
  'patch-test-failed': [422, 'business-rule'],
  'patch-path-missing': [422, 'not-found'],
  'cross-patient-reference': [422, 'business-rule'],
  'member-suspended': [403, 'forbidden'],
  'too-many-requests': [429, 'throttled'],
  'outbox-full': [503, 'transient'],
  'journal-failed': [503, 'transient'],
  'ledger-lag': [503, 'transient'],
}

const UNAUTHENTICATED: Row = [401, 'login']
const BAD_REQUEST: Row = [400, 'invalid']
const INTERNAL: Row = [500, 'exception']

/** Codes of mistakes in what was sent: they answer 400 unless the table says otherwise. */
const CLIENT_ERROR =
  /^(search|query|json|fhir|resource|bundle|transaction|batch|header|id|condition|cursor|patch|purpose|emergency|utf8|history)-/

/** HTTP status and issue type of an error; anything that is not known is an internal one. */
export function statusOf(error: unknown): Row {
  if (!isSalusError(error)) return INTERNAL
  const { code } = error
  return TABLE[code] ?? (code.startsWith('token-') ? UNAUTHENTICATED : CLIENT_ERROR.test(code) ? BAD_REQUEST : INTERNAL)
}

/** One issue, as plain data. */
export function issue(
  severity: OperationOutcomeIssue['severity'],
  code: OperationOutcomeIssue['code'],
  stable: string,
  diagnostics: string,
  expression: readonly string[] = [],
): OperationOutcomeIssue {
  const details = { coding: [{ system: ERROR_CODE_SYSTEM, code: stable }] }
  return { severity, code, details, diagnostics, ...(expression.length > 0 ? { expression: [...expression] } : {}) }
}

/** The text of an OperationOutcome. */
export function outcomeText(issues: readonly OperationOutcomeIssue[]): string {
  return JSON.stringify({ resourceType: 'OperationOutcome', issue: issues })
}

/** The reply for an error. Internal errors tell nothing but their code. */
export function errorReply(error: unknown): FhirReply {
  const [status, type] = statusOf(error)
  if (status === 500 || !isSalusError(error)) {
    return { status: 500, body: outcomeText([issue('error', 'exception', 'internal', 'the request failed')]) }
  }
  const { allow } = error.details
  return { status, body: outcomeText(issuesOf(error, type)), ...(Array.isArray(allow) ? { allow } : {}) }
}

/** One issue, or for an invalid resource one for each of its faults, with where they are. */
function issuesOf(
  { code, message, details }: SalusError,
  type: OperationOutcomeIssue['code'],
): OperationOutcomeIssue[] {
  const faults = code === 'resource-invalid' ? (details.issues as readonly ValidationIssue[] | undefined) : undefined
  if (faults === undefined) return [withReason(issue('error', type, code, message), details.reason)]
  return faults.map(({ path, code: kind, rule }) => {
    const diagnostics = rule === undefined ? message : `${message}: ${rule}`
    return issue('error', kind, code, diagnostics, [path.slice(0, EXPRESSION_LENGTH_MAX)])
  })
}

/** A refusal says its reason as a code of its own. */
function withReason(refusal: OperationOutcomeIssue, reason: unknown): OperationOutcomeIssue {
  if (typeof reason === 'string') refusal.details?.coding?.push({ system: REASON_SYSTEM, code: reason })
  return refusal
}
