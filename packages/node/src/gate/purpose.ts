/** Purpose of use, from the request's headers (docs/operating/api.md) or from what another member signed. */
import { isUtf8 } from 'node:buffer'
import { SalusError } from '@salus/core'
import type { Code } from '../consent/filter.ts'
import { BREAK_THE_GLASS, PURPOSE_SYSTEM } from '../consent/request.ts'
import { EMERGENCY_REASON_MAX } from '../limits.ts'

/** `emergency` is the stated reason and is there exactly when the purpose is BTG. */
export interface Purpose {
  readonly code: Required<Code>
  readonly emergency: string | null
}

/** Printable ASCII without the bar: what stands in a log must not move a terminal's cursor. */
const CODE = /^[\x21-\x7b\x7d\x7e]{1,64}$/
const SYSTEM = /^[\x21-\x7b\x7d\x7e]{1,160}$/
const CONTROL = /\p{Cc}/u

/**
 * Reads `X-Purpose-Of-Use` (a code of v3-PurposeOfUse, or `system|code`; TREAT when absent) and
 * `X-Emergency-Reason`, which makes of treatment emergency access, and goes with no other purpose.
 * @throws SalusError `purpose-malformed`, `emergency-reason-required`, `emergency-reason-malformed`
 */
export function readPurpose(purpose: string | undefined, reason: string | undefined): Purpose {
  const asked = parseCode(purpose?.trim() || 'TREAT')
  const treats = asked.system === PURPOSE_SYSTEM && asked.code === 'TREAT'
  const code = treats && reason !== undefined ? { system: PURPOSE_SYSTEM, code: BREAK_THE_GLASS } : asked
  const breaksGlass = code.system === PURPOSE_SYSTEM && code.code === BREAK_THE_GLASS
  if (!breaksGlass) {
    if (reason !== undefined) throw new SalusError('purpose-malformed', 'an emergency reason needs the purpose BTG')
    return { code, emergency: null }
  }
  const emergency = headerText(reason ?? '').trim()
  if (emergency === '') throw new SalusError('emergency-reason-required', 'emergency access needs a stated reason')
  if (emergency.length > EMERGENCY_REASON_MAX || CONTROL.test(emergency) || !emergency.isWellFormed()) {
    throw new SalusError('emergency-reason-malformed', 'the emergency reason is too long or holds control characters', {
      EMERGENCY_REASON_MAX,
    })
  }
  return { code, emergency }
}

/** Node reads the bytes of a header as Latin-1, clients write words beyond ASCII in UTF-8 (RFC 9110 section 5.5). */
function headerText(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

function parseCode(text: string): Required<Code> {
  const bar = text.indexOf('|')
  const system = bar < 0 ? PURPOSE_SYSTEM : text.slice(0, bar)
  const code = bar < 0 ? text : text.slice(bar + 1)
  if (!SYSTEM.test(system) || !CODE.test(code)) {
    throw new SalusError('purpose-malformed', 'the purpose of use is a code, or system|code')
  }
  return { system, code }
}
