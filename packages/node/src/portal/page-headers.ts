/**
 * Headers of the portal's pages. The policy (Content Security Policy level 3) lets scripts, styles, fonts and images
 * come from this node alone, lets no string become script, and no policy be made that would (Trusted Types), and lets the page speak to this node and to
 * the nodes of the members that the ledger names: a patient's wallet asks each custodian itself.
 */

/** `memberUrls` are the URLs of the members whose nodes a wallet may ask. */
export function pageHeaders(memberUrls: readonly string[]): Readonly<Record<string, string>> {
  const connect = ["'self'", ...new Set(memberUrls.map((url) => new URL(url).origin))]
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect.join(' ')}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(self), geolocation=(), microphone=(), payment=(), usb=()',
  }
}

/**
 * Where a browser should open what is at `host` (`Host` header) instead, or null: passkeys belong to a domain, and an
 * address is none (WebAuthn section 5.1.2, effective domain), so loopback addresses become `localhost`.
 */
export function domainOf(host: string): string | null {
  const [, port] = /^(?:127\.0\.0\.1|\[::1\])(:\d+)?$/.exec(host) ?? []
  return /^(?:127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host) ? `localhost${port ?? ''}` : null
}
