/** Security labels that the vault itself knows. */

export const CONFIDENTIALITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'

/** What a resource without a confidentiality label counts as. */
export const NORMAL = 'N'
