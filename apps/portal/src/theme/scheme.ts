/** Light, dark, or as the system has it. Kept in this browser. */
export const SCHEMES = ['system', 'light', 'dark'] as const
export type Scheme = (typeof SCHEMES)[number]

const STORED = 'salus-scheme'

export function storedScheme(): Scheme {
  const stored = localStorage.getItem(STORED)
  return SCHEMES.find((scheme) => scheme === stored) ?? 'system'
}

export function applyScheme(scheme: Scheme): void {
  localStorage.setItem(STORED, scheme)
  if (scheme === 'system') delete document.documentElement.dataset.scheme
  else document.documentElement.dataset.scheme = scheme
}
