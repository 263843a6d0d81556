/**
 * The shape of a FHIR R4 Consent as far as it is read. Elements that only describe (narrative, identifiers, plain
 * extensions) may be there and are left alone; modifiers, and elements that R4 does not have, are refused, since FHIR
 * forbids to go on without understanding them (R4 sections 2.4.0.1 and 2.5.1).
 */
import { z } from 'zod'
import { CONSENT_VALUES_MAX } from '../limits.ts'

const word = z.string().min(1).max(1024)
const described = z.unknown().optional()
/** What every element may carry without changing its meaning. */
const element = { id: described, extension: described }

function list<T extends z.ZodType>(item: T) {
  return z.array(item).min(1).max(CONSENT_VALUES_MAX).optional()
}

const Coding = z.strictObject({
  ...element,
  system: word.optional(),
  version: described,
  code: word,
  display: described,
  userSelected: described,
})
export type Coding = z.infer<typeof Coding>

const CodeableConcept = z.strictObject({ ...element, coding: list(Coding), text: described })
export type CodeableConcept = z.infer<typeof CodeableConcept>

const Reference = z.strictObject({
  ...element,
  reference: word.optional(),
  type: described,
  identifier: described,
  display: described,
})
export type Reference = z.infer<typeof Reference>

const Period = z.strictObject({ ...element, start: word.optional(), end: word.optional() })
export type Period = z.infer<typeof Period>

const Extension = z.strictObject({ id: described, url: word, valueReference: Reference.optional() })
export type Extension = z.infer<typeof Extension>

/** One provision; those within it are left for the reader, who counts them. */
export const ProvisionElement = z.strictObject({
  ...element,
  type: z.enum(['permit', 'deny']).optional(),
  period: Period.optional(),
  actor: list(z.strictObject({ ...element, role: CodeableConcept.optional(), reference: Reference })),
  action: list(CodeableConcept),
  securityLabel: list(Coding),
  purpose: list(Coding),
  class: list(Coding),
  code: list(CodeableConcept),
  dataPeriod: Period.optional(),
  data: list(
    z.strictObject({
      ...element,
      meaning: z.enum(['instance', 'related', 'dependents', 'authoredby']),
      reference: Reference,
    }),
  ),
  provision: list(z.unknown()),
})

export const ConsentDocument = z.strictObject({
  resourceType: z.literal('Consent'),
  ...element,
  meta: described,
  implicitRules: described,
  language: described,
  text: described,
  contained: described,
  modifierExtension: list(Extension),
  identifier: described,
  status: z.enum(['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error']),
  scope: CodeableConcept,
  category: described,
  patient: Reference,
  dateTime: described,
  performer: described,
  organization: list(Reference),
  sourceAttachment: described,
  sourceReference: described,
  policy: list(z.strictObject({ ...element, authority: described, uri: described })),
  policyRule: described,
  verification: list(
    z.strictObject({ ...element, verified: described, verifiedWith: described, verificationDate: described }),
  ),
  provision: z.unknown(),
})
export type ConsentDocument = z.infer<typeof ConsentDocument>
