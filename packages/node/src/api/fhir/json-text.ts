/** JSON as text, for whoever reads it with their eyes: no value is parsed, so numbers keep their spelling. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** The same JSON text with line breaks and an indentation of two. `text` must be JSON. */
export function prettyText(text: string): string {
  const parts: string[] = []
  let depth = 0
  let opened = false
  const newline = (): void => {
    parts.push('\n', '  '.repeat(depth))
  }
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') {
      depth--
      if (!opened) newline()
      parts.push(token)
      opened = false
      continue
    }
    if (opened) newline()
    opened = token === '{' || token === '['
    if (opened) depth++
    parts.push(token === ':' ? ': ' : token)
    if (token === ',') newline()
  }
  return parts.join('')
}
