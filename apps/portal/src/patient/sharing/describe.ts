/** A consent in words. */
import type { Formats } from '../../i18n/format.ts'
import { useFormats } from '../../i18n/format.ts'
import { useMessages } from '../../i18n/language.tsx'
import { CATEGORIES, categoriesOf, categoryMessages } from './categories.ts'
import type { Shared } from './consents.ts'
import { sharingMessages } from './sharing-messages.ts'

type Told = Pick<Shared, 'types' | 'purposes' | 'includesSensitive' | 'endMs'>

/** What, how long and for what, each as a phrase. */
export function useDescription(): (consent: Told) => { what: string; howLong: string; why: string; sensitive: string } {
  const t = useMessages(sharingMessages)
  const names = useMessages(categoryMessages)
  const f: Formats = useFormats()
  return ({ types, purposes, includesSensitive, endMs }) => {
    const categories = categoriesOf(types)
    const [purpose] = purposes
    return {
      what:
        categories.length === CATEGORIES.length ? t.everything : f.list(categories.map((category) => names[category])),
      howLong: endMs === null ? t.open : t.until(f.date(endMs)),
      why: purpose === 'TREAT' ? t.treatment : purpose === 'HRESCH' ? t.research : t.otherPurpose,
      sensitive: includesSensitive ? t.withSensitive : t.withoutSensitive,
    }
  }
}
