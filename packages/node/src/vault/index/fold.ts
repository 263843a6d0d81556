/**
 * Text as string search compares it (FHIR R4 section 3.1.1.4.8): without regard to case, accents and runs of white
 * space.
 */
const PLAIN = /^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/

export function foldText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
}
