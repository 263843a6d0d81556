/**
 * The XHTML of a narrative (FHIR R4 section 2.4): one well-formed `div` of the elements and attributes that the
 * invariants txt-1 and txt-2 allow, and nothing that acts: no script, no event handler, no link to one. A browser of a
 * receiver may show the text as it is, so what is not known to be harmless is refused. XML that no narrative needs
 * (document types, processing instructions, CDATA, prefixed elements) counts as malformed.
 */

export type NarrativeFault = 'malformed' | 'txt-1' | 'txt-2'

const ELEMENTS = words(`a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3
  h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var`)
/** Those of txt-1, and `xml:lang`, which XHTML wants beside `lang`. */
const ATTRIBUTES = words(`abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign
  char charoff charset cite class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc
  name nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace
  width xml:lang`)
const LINKS = words('cite href longdesc src')
const NAMESPACE = 'http://www.w3.org/1999/xhtml'

const COMMENT = /<!--(?:[^-]|-(?!-))*-->/y
const OPEN = /<([A-Za-z][\w.-]*)/y
const ATTRIBUTE = /\s+([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const OPEN_END = /\s*(\/?)>/y
const CLOSE = /<\/([A-Za-z][\w.-]*)\s*>/y
const TEXT = /[^<]+/y
const ENTITY = /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,7}));/g
/** Named characters by which a scheme could be hidden. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['colon', ':'],
  ['Tab', '\t'],
  ['NewLine', '\n'],
])

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

/** What is wrong with the text of a narrative's `div`; null when nothing is. Takes time in proportion to its length. */
export function narrativeFault(text: string): NarrativeFault | null {
  const scanner = new Scanner(text.trim())
  if (!scanner.scan()) return 'malformed'
  if (!scanner.allowed) return 'txt-1'
  return scanner.tells ? null : 'txt-2'
}

class Scanner {
  /** Whether only allowed elements and attributes were met, and whether there is anything to see. */
  allowed = true
  tells = false
  private readonly text: string
  private readonly open: string[] = []
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  /** True when the text is one well-formed `div`. */
  scan(): boolean {
    if (!/^<div[\s/>]/.test(this.text)) return false
    do {
      if (!this.step()) return false
    } while (this.open.length > 0)
    return this.at === this.text.length
  }

  private take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match) this.at = pattern.lastIndex
    return match
  }

  private step(): boolean {
    const text = this.take(TEXT)?.[0]
    if (text !== undefined) {
      if (/\S/.test(text)) this.tells = true
      return hasWholeEntities(text)
    }
    if (this.take(COMMENT)) return true
    const closed = this.take(CLOSE)?.[1]
    if (closed !== undefined) return this.open.pop() === closed
    const opened = this.take(OPEN)?.[1]
    return opened !== undefined && this.element(opened)
  }

  private element(name: string): boolean {
    const attributes = new Map<string, string>()
    for (let match = this.take(ATTRIBUTE); match; match = this.take(ATTRIBUTE)) {
      const [, attribute = '', quoted, single] = match
      const value = quoted ?? single ?? ''
      if (attributes.has(attribute) || !hasWholeEntities(value)) return false
      attributes.set(attribute, value)
    }
    const end = this.take(OPEN_END)
    if (!end) return false
    if (end[1] === '') this.open.push(name)
    if (!ELEMENTS.has(name) || ![...attributes].every(([key, value]) => isAllowed(key, value))) this.allowed = false
    if (name === 'img' && attributes.has('src')) this.tells = true
    return true
  }
}

function hasWholeEntities(text: string): boolean {
  return !text.includes('&') || !text.replace(ENTITY, '').includes('&')
}

function isAllowed(name: string, value: string): boolean {
  if (name === 'xmlns') return value === NAMESPACE
  return ATTRIBUTES.has(name) && !(LINKS.has(name) && leadsToScript(name, value))
}

/** Browsers pass over white space and controls in a scheme. Data may only be an image. */
function leadsToScript(name: string, value: string): boolean {
  const plain = value.replace(ENTITY, (entity, decimal, hex, named) => {
    const code = decimal === undefined ? (hex === undefined ? -1 : Number.parseInt(hex, 16)) : Number(decimal)
    if (code < 0) return NAMED.get(named) ?? entity
    return code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(plain.replace(/[\p{Cc}\s]+/gu, ''))?.[1]?.toLowerCase()
  if (scheme === 'data') return !(name === 'src' && /^\s*data:image\/(?:png|gif|jpeg|webp)[;,]/i.test(plain))
  return scheme === 'javascript' || scheme === 'vbscript'
}
