/** An access in words. */
import { useNetwork } from '../../api/network.ts'
import { useFormats } from '../../i18n/format.ts'
import { useMessages } from '../../i18n/language.tsx'
import type { IconName, Tone } from '../../ui/icon.tsx'
import { categoryMessages, categoryOf } from '../sharing/categories.ts'
import type { Access } from './access-log.ts'
import { logMessages } from './log-messages.ts'

export interface AccessWords {
  readonly who: string
  /** The whole sentence. */
  readonly title: string
  readonly because: string
  readonly what: string
  readonly purpose: string
  readonly icon: IconName
  readonly tone: Tone
}

export function useAccessWords(): (access: Access) => AccessWords {
  const t = useMessages(logMessages)
  const categories = useMessages(categoryMessages)
  const network = useNetwork()
  const f = useFormats()
  const reasons: Readonly<Record<string, string>> = {
    consent: t.becauseConsent,
    inside: t.becauseInside,
    operator: t.becauseOperator,
    emergency: t.becauseEmergency,
    patient: '',
    'no-consent': t.becauseNoConsent,
    'consent-denies': t.becauseDenied,
    'emergency-denied': t.becauseDenied,
    'member-inactive': t.becauseInactive,
    'ledger-lag': t.becauseLag,
  }
  const purposes: Readonly<Record<string, string>> = {
    TREAT: t.treatment,
    PATRQT: t.self,
    BTG: t.btg,
    HRESCH: t.research,
  }
  return (access) => {
    const { requester, practitioner, reason, decision, emergency, what, purpose } = access
    const member = network.byId(requester)?.name ?? requester
    const isSelf = reason === 'patient'
    const who = isSelf ? t.you : practitioner === null ? t.systemOf(member) : t.clinicianOf(member)
    const counts = new Map<string, number>()
    for (const { type, count } of what) {
      const name = categories[categoryOf(type)]
      counts.set(name, (counts.get(name) ?? 0) + count)
    }
    const sentence =
      emergency !== null && decision === 'permit'
        ? t.emergency(who)
        : decision === 'deny'
          ? t.wasRefused(who)
          : isSelf
            ? t.yourself
            : what.length === 0
              ? t.looked(who)
              : t.read(who)
    return {
      who,
      title: sentence,
      because: reasons[reason] ?? reason,
      what: f.list([...counts].map(([name, count]) => `${name} (${f.number(count)})`)),
      purpose: purposes[purpose] ?? purpose,
      icon: emergency !== null ? 'emergency' : decision === 'deny' ? 'lock' : isSelf ? 'person' : 'eye',
      tone: emergency !== null ? 'danger' : decision === 'deny' ? 'warn' : isSelf ? 'neutral' : 'brand',
    }
  }
}
