/**
 * A submitted Consent against R4's base definition, by the rules that hold for every resource here: a wallet must not
 * commit to a document that another FHIR system would refuse. Documents that are committed already are not asked again,
 * since a patient's denial must not lapse when the rules grow.
 */
import { isSalusError, SalusError } from '@salus/core'
import { type ValidationIssue, validateResource } from '../vault/validate.ts'

/** Paths hold names as the document writes them, so they are cut. */
const PATH_LENGTH_MAX = 200

/**
 * Checks the text of a document that `parsePolicy` understands.
 * @throws SalusError `consent-malformed` with the place of the first fault, and the invariant where it is one
 */
export function requireConformance(text: string): void {
  try {
    validateResource(JSON.parse(text))
  } catch (cause) {
    if (!isSalusError(cause, 'resource-invalid')) throw cause
    const [first] = cause.details.issues as readonly [ValidationIssue]
    const { path, rule } = first
    throw new SalusError('consent-malformed', 'the consent document is not a FHIR R4 Consent', {
      path: path.slice(0, PATH_LENGTH_MAX),
      ...(rule === undefined ? {} : { rule }),
    })
  }
}
