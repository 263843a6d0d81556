/** Code systems of FHIR R4 and the helpers that make coded values of them. */
import type { CodeableConcept, Coding } from '@medplum/fhirtypes'

export const LOINC = 'http://loinc.org'
export const SNOMED = 'http://snomed.info/sct'
export const ICD10 = 'http://hl7.org/fhir/sid/icd-10-cm'
export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'
export const CVX = 'http://hl7.org/fhir/sid/cvx'
export const UCUM = 'http://unitsofmeasure.org'
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'

/** A concept of one coding, with its display as text. */
export function concept(system: string, code: string, display: string): CodeableConcept {
  return { coding: [{ system, code, display }], text: display }
}

/** A coding of one of the code systems that HL7 keeps at terminology.hl7.org. */
export function hl7(codeSystem: string, code: string, display?: string): Coding {
  return { system: `${TERMINOLOGY}/${codeSystem}`, code, ...(display === undefined ? {} : { display }) }
}

export function hl7Concept(codeSystem: string, code: string, display?: string): CodeableConcept {
  return { coding: [hl7(codeSystem, code, display)] }
}

/** Labels of a resource that the law or the patient treats with more care than others: HL7 v3 Confidentiality R. */
export function restricted(sensitivity: 'PSY' | 'HIV'): { security: Coding[] } {
  const display =
    sensitivity === 'PSY' ? 'psychiatry disorder information sensitivity' : 'HIV/AIDS information sensitivity'
  return { security: [hl7('v3-Confidentiality', 'R', 'restricted'), hl7('v3-ActCode', sensitivity, display)] }
}
