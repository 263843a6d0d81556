/**
 * What consensus code may not contain. Every replica must compute the same bytes from the same block, whatever its
 * clock, machine, locale or version of Unicode; so the rules work on the syntax tree, name what they refuse, and
 * allow modules and mathematics by list.
 */
import ts from 'typescript'

/** Says what is wrong with `node`, or undefined. */
export type Rule = (node: ts.Node) => string | undefined

const GLOBALS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'a clock': ['Date', 'performance', 'Temporal'],
    randomness: ['crypto', 'randomBytes'],
    'I/O': [
      'process',
      'fetch',
      'console',
      'navigator',
      'XMLHttpRequest',
      'WebSocket',
      'Worker',
      'require',
      'Deno',
      'Bun',
    ],
    scheduling: ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Atomics', 'SharedArrayBuffer'],
    'a locale': ['Intl'],
    'floating point': ['parseFloat', 'Float16Array', 'Float32Array', 'Float64Array'],
    'a way around these rules': ['globalThis', 'window', 'self', 'global', 'eval', 'Function', 'Reflect', 'Proxy'],
    'the garbage collector': ['WeakRef', 'FinalizationRegistry'],
  }).flatMap(([what, names]) => names.map((name) => [name, what])),
)

const MEMBERS: readonly (readonly [RegExp, string])[] = [
  [/^toLocale|^localeCompare$/, 'a locale'],
  [/^(normalize|toLowerCase|toUpperCase)$/, 'the version of Unicode'],
  [
    /^(parseFloat|toFixed|toPrecision|toExponential|[gs]etFloat(16|32|64)|EPSILON|MIN_VALUE|MAX_VALUE)$/,
    'floating point',
  ],
  [/^randomBytes$/, 'randomness'],
  [/^(stack|constructor)$/, 'a way around these rules'],
]

const INTEGER_MATH: ReadonlySet<string> = new Set(['abs', 'floor', 'imul', 'max', 'min', 'sign', 'trunc', 'clz32'])

const FLOAT_OPERATORS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.SlashToken,
  ts.SyntaxKind.SlashEqualsToken,
  ts.SyntaxKind.AsteriskAsteriskToken,
  ts.SyntaxKind.AsteriskAsteriskEqualsToken,
])

/** Clocks, randomness, I/O and the rest by their global names; a member or field of that name is another thing. */
const noGlobals: Rule = (node) => {
  if (!ts.isIdentifier(node) || isMemberName(node)) return undefined
  const what = GLOBALS.get(node.text)
  return what === undefined ? undefined : `${node.text} is ${what}`
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name === node
  return false
}

const noMembers: Rule = (node) => {
  const name = memberName(node)
  if (name === undefined) return undefined
  const found = MEMBERS.find(([pattern]) => pattern.test(name))
  return found && `${name} depends on ${found[1]}`
}

/** The name by which `node` reads a member: `a.name`, `a['name']`, or `{ name } = a`. */
function memberName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return node.argumentExpression.text
  }
  if (!ts.isBindingElement(node) || !ts.isObjectBindingPattern(node.parent)) return undefined
  const name = node.propertyName ?? node.name
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined
}

/** Of `Math`, only what gives integers for integers; `Math` itself may not be passed around. */
const integerMath: Rule = (node) => {
  if (!ts.isIdentifier(node) || node.text !== 'Math' || isMemberName(node)) return undefined
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && INTEGER_MATH.has(parent.name.text)) return undefined
  return 'Math, other than its integer functions, is randomness or floating point'
}

const noFloats: Rule = (node) => {
  if (ts.isBinaryExpression(node) && FLOAT_OPERATORS.has(node.operatorToken.kind)) {
    return `${node.operatorToken.getText()} is floating point`
  }
  if (ts.isNumericLiteral(node) && !Number.isSafeInteger(Number(node.text))) return `${node.text} is floating point`
  return undefined
}

/** Only the same source folder and core; `import()` and `import.meta` reach outside at run time. */
const knownImports: Rule = (node) => {
  if (ts.isMetaProperty(node)) return 'import.meta depends on where the code lies'
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return 'import() is I/O'
  if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return undefined
  const module = node.moduleSpecifier
  if (module === undefined || !ts.isStringLiteral(module)) return undefined
  if (/^\.\.?\//.test(module.text) || module.text === '@salus/core' || module.text === '#crypto') return undefined
  return `${module.text} is outside the deterministic code`
}

/** State that outlives a command would differ between a replica that restarted and one that did not. */
const noModuleState: Rule = (node) => {
  if (!ts.isVariableStatement(node) || !ts.isSourceFile(node.parent)) return undefined
  return node.declarationList.flags & ts.NodeFlags.Const ? undefined : 'a variable of a module is hidden state'
}

/** A command that waits would write after its transaction ended; TypeScript lets it pass as returning nothing. */
const noWaiting: Rule = (node) => {
  if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) return 'a command cannot wait'
  if (ts.isIdentifier(node) && node.text === 'Promise' && !isMemberName(node)) return 'a command cannot wait'
  return undefined
}

/** The rules for formats: whatever is hashed or signed. */
export const FORMAT_RULES: readonly Rule[] = [noGlobals, noMembers, integerMath, noFloats, knownImports, noModuleState]

/** The rules for contracts, which also may not wait. */
export const CONTRACT_RULES: readonly Rule[] = [...FORMAT_RULES, noWaiting]

/** Where a rule is broken: `line` counts from 1. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** All places in the source `text` that break one of `rules`, in their order. */
export function checkSource(file: string, text: string, rules: readonly Rule[]): readonly Finding[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2024, true, ts.ScriptKind.TS)
  const findings: Finding[] = []
  const visit = (node: ts.Node): void => {
    for (const rule of rules) {
      const message = rule(node)
      if (message === undefined) continue
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      findings.push({ file, line: line + 1, message })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return findings
}
