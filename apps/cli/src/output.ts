/** What the command line says: JSON alone with `--json`, else text for people; and how it exits. */
import { SalusError } from '@salus/core'
import pc from 'picocolors'

/** Exit codes (docs/operating/cli.md). */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, invalid: 4, notFound: 5, unreachable: 6 } as const

const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  usage: EXIT.usage,
  'consent-malformed': EXIT.usage,
  'consent-not-understood': EXIT.usage,
  'access-refused': EXIT.refused,
  'not-the-patient': EXIT.refused,
  'not-an-operator': EXIT.refused,
  'insufficient-scope': EXIT.refused,
  'write-not-allowed': EXIT.refused,
  'not-the-controller': EXIT.refused,
  'wallet-passphrase': EXIT.refused,
  'record-mismatch': EXIT.invalid,
  'tile-mismatch': EXIT.invalid,
  'tile-malformed': EXIT.invalid,
  'not-found': EXIT.notFound,
  gone: EXIT.notFound,
  'patient-unknown': EXIT.notFound,
  'patient-erased': EXIT.notFound,
  'disclosure-unknown': EXIT.notFound,
  'consent-unknown': EXIT.notFound,
  'member-unknown': EXIT.notFound,
  'file-not-found': EXIT.notFound,
  'wallet-not-enrolled': EXIT.notFound,
  unreachable: EXIT.unreachable,
  'exchange-unreachable': EXIT.unreachable,
  'ledger-unreachable': EXIT.unreachable,
}

/** The exit code of an error. */
export function exitCode(error: unknown): number {
  if (!(error instanceof SalusError)) return EXIT.failed
  const known = EXIT_BY_CODE[error.code]
  if (known !== undefined) return known
  if (error.code.startsWith('checkpoint-')) return EXIT.invalid
  return /^(token|patient-signature)-/.test(error.code) ? EXIT.refused : EXIT.failed
}

/** What a command returns: the document of `--json`, the text for people, and the exit code when it is not 0. */
export interface Result {
  readonly json: unknown
  readonly text: string
  readonly exit?: number
}

/** Control characters besides line feeds and tabs: text from elsewhere must not move a terminal's cursor. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** `text` with what could steer a terminal replaced, for text that came from a node or a file. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (character) => (character === '\n' || character === '\t' ? character : '\ufffd'))
}

/** Prints a result. */
export function print(result: Result, asJson: boolean): void {
  const text = asJson ? JSON.stringify(result.json, null, 2) : result.text
  if (text !== '') process.stdout.write(`${text}\n`)
  process.exitCode = result.exit ?? EXIT.done
}

/** Prints an error, in JSON on standard output, for people on standard error. */
export function printError(error: unknown, asJson: boolean): void {
  const code = error instanceof SalusError ? error.code : 'internal'
  const message = error instanceof Error ? error.message : String(error)
  const details = error instanceof SalusError ? error.details : {}
  process.exitCode = exitCode(error)
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ error: { code, message, ...details } }, null, 2)}\n`)
    return
  }
  const reason = typeof details.reason === 'string' ? ` (${details.reason})` : ''
  process.stderr.write(`${pc.red('salus:')} ${harmless(message + reason)} ${pc.dim(`[${harmless(code)}]`)}\n`)
}

/** Columns for people: each as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((all, row) => {
    row.forEach((cell, i) => {
      all[i] = Math.max(all[i] ?? 0, cell.length)
    })
    return all
  }, [])
  return rows
    .map((row) =>
      row
        .map((cell, i) => harmless(cell).padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
