/** Documents hold: their links resolve, the dependency list is whole, files they name exist, nothing tells a machine. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './node24.mjs'

const read = (path) => readFileSync(join(ROOT, path), 'utf8')
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: ROOT,
  encoding: 'utf8',
})
const files = listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))
const pages = files.filter((path) => path.endsWith('.md'))

/** Text outside code fences and code spans. */
function prose(text) {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, (code) => 'x'.repeat(code.length))
}

/** Anchors of a page's headings, as GitHub makes them. */
function anchors(path) {
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map((match) => match[1])
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('links between documents resolve', () => {
  const broken = pages.flatMap((page) =>
    [...prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1])
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path, anchor] = target.split('#')
        const file = path === '' ? page : normalize(join(dirname(page), path))
        if (!existsSync(join(ROOT, file))) return true
        return anchor !== undefined && !anchors(file).has(anchor)
      })
      .map((target) => `${page}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('docs/dependencies.md lists every dependency and no other', () => {
  const used = new Set()
  for (const path of files.filter((file) => /(^|\/)package\.json$/.test(file))) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(path))
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (!name.startsWith('@salus/')) used.add(name)
    }
  }
  const rows = read('docs/dependencies.md').match(/^\| `[^|]*\|/gm) ?? []
  const named = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map((match) => match[1]))
  assert.deepEqual(named.sort(), [...used].sort())
})

/** Whether a path that a document names is there, as it stands or below packages. */
function isThere(path) {
  return [path, join('packages', path), join('packages/node/src', path)].some(
    (candidate) => globSync(candidate, { cwd: ROOT }).length > 0,
  )
}

test('files named in ARCHITECTURE.md, SECURITY.md and CONTRIBUTING.md exist', () => {
  const missing = ['ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md'].flatMap((page) =>
    [...read(page).matchAll(/`([\w.*-]+(?:\/[\w.*-]+)+\.(?:ts|mjs|md))`/g)]
      .map((match) => match[1])
      .filter((path) => !isThere(path))
      .map((path) => `${page}: ${path}`),
  )
  assert.deepEqual(missing, [])
})

test('no file tells of a machine or a registry', () => {
  const folders = ['work', 'root', 'home'].join('|')
  const machine = new RegExp(`(?<![\\w.:)}*/-])/(?:${folders})/[a-z]`)
  const registry = /"resolved": "https?:|registry\s*=\s*["']?https?:|registry\.(?:npmjs|yarnpkg)/
  const binary = /\.(?:gz|png|ico|woff2?)$/
  const telling = files
    .filter((path) => !binary.test(path) && statSync(join(ROOT, path)).size < 4_000_000)
    .filter((path) => path !== 'tools/docs.test.mjs')
    .filter((path) => machine.test(read(path)) || registry.test(read(path)))
  assert.deepEqual(telling, [])
})
