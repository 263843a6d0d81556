/** The compacted definitions are those of the standard, and every one of them can be used. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generateDefinitions } from '../../../generate-definitions.ts'
import { AUTHOR, HELD_LABEL, OTHER } from '../index/extract.ts'
import { indexPlan, parametersOf } from '../index/parameters.ts'
import { definitions, typeNumber, typeOfNumber } from './definitions.ts'

test('the compacted definitions are current', () => {
  const file = new URL('./definitions.generated.json', import.meta.url)
  assert.equal(readFileSync(file, 'utf8'), generateDefinitions())
})

test('every search parameter of every type compiles, and no two paths share a number', () => {
  const texts = new Map<number, string>()
  for (const type of definitions.resources) {
    for (const { path } of indexPlan(type)) {
      assert.equal(texts.get(path.id) ?? path.text, path.text)
      assert.ok(![OTHER, AUTHOR, HELD_LABEL].includes(path.id))
      texts.set(path.id, path.text)
    }
    for (const parameter of parametersOf(type).values()) {
      const found = parameter.uses.length > 0 || parameter.composite.length > 0
      assert.ok(found || parameter.type === 'special', `${type} ${parameter.code}`)
    }
    assert.equal(typeOfNumber(typeNumber(type)), type)
  }
  assert.ok(texts.size > 1500)
})
