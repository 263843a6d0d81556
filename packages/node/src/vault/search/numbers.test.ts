/** Searching by numbers: precision, prefixes, and the whole precision of a double (R4 sections 3.1.1.5.2 and 3.1.1.5.6). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { namesOf, openTestVault } from '../test-vault.ts'

const EXACT = 80.07484034768532

function observation(id: string, value: number) {
  const valueQuantity = { value, unit: 'mg/dL', system: 'http://u', code: 'mg/dL' }
  const code = { coding: [{ code: 'c' }] }
  return { resourceType: 'Observation', id, status: 'final', code, valueQuantity, component: [{ code, valueQuantity }] }
}

const CASES: readonly (readonly [query: string, ...ids: string[]])[] = [
  [`value-quantity=${EXACT}`, 'exact'],
  [`value-quantity=eq${EXACT}|http://u|mg/dL`, 'exact'],
  [`value-quantity=${EXACT}||mg/dL`, 'exact'],
  [`value-quantity=ne${EXACT}`, 'less', 'more'],
  [`value-quantity=gt${EXACT}`, 'more'],
  [`value-quantity=ge${EXACT}`, 'exact', 'more'],
  [`value-quantity=lt${EXACT}`, 'less'],
  [`value-quantity=le${EXACT}`, 'exact', 'less'],
  [`code-value-quantity=c$${EXACT}`, 'exact'],
  [`component-code-value-quantity=c$${EXACT}||mg/dL`, 'exact'],
  [`combo-code-value-quantity=c$${EXACT}`, 'exact'],
  ['value-quantity=80.0748', 'exact'],
  ['value-quantity=ne80.0748', 'less', 'more'],
  ['value-quantity=80', 'exact', 'less'],
  ['value-quantity=80.5', 'more'],
]

test('a number stands for its precision, and always for itself', async () => {
  const vault = await openTestVault()
  // 80.5 ends the range of 80, which is half open.
  await vault.put(observation('exact', EXACT), observation('less', 79.5), observation('more', 80.5))
  for (const [query, ...ids] of CASES) {
    const found = await vault.search(`Observation?${query.replaceAll('+', '%2B')}`)
    assert.deepEqual(
      namesOf(found),
      ids.map((id) => `Observation/${id}`),
      query,
    )
  }
  await vault.put({
    resourceType: 'RiskAssessment',
    id: 'r',
    status: 'final',
    subject: { display: 'x' },
    prediction: [{ probabilityDecimal: 0.1 + 0.2 }],
  })
  assert.deepEqual(namesOf(await vault.search('RiskAssessment?probability=0.30000000000000004')), ['RiskAssessment/r'])
  assert.deepEqual(namesOf(await vault.search('RiskAssessment?probability=ne0.30000000000000004')), [])
  await vault.close()
})

test('the ends of a precision are exact decimals', async () => {
  const vault = await openTestVault()
  const values = [0.15, 0.35, 2.675, 9.995, -0.25, 1e22, 1.5e-7, 0.00035]
  await vault.put(...values.map((value, at) => observation(`o${at}`, value)))
  for (const [query, ...ids] of [
    ['0.2', 'o0'],
    ['0.1'],
    ['0.4', 'o1'],
    ['0.3'],
    ['2.68', 'o2'],
    ['2.67'],
    ['9.99'],
    ['10.00', 'o3'],
    ['-0.2', 'o4'],
    ['-0.3'],
    ['+10000000000000000000000', 'o5'],
    ['100e20', 'o5'],
    ['1.5E-7', 'o6'],
    ['2e-7', 'o6'],
    ['1e-7'],
    ['4e-4', 'o7'],
    ['3e-4'],
  ] as const) {
    const found = await vault.search(`Observation?value-quantity=${encodeURIComponent(query)}`)
    assert.deepEqual(
      namesOf(found),
      ids.map((id) => `Observation/${id}`),
      query,
    )
  }
  // A `+` that was not percent-encoded arrives as a space.
  assert.deepEqual(namesOf(await vault.search('Observation?value-quantity=1.0E+22')), ['Observation/o5'])
  await vault.close()
})

test('every number equals itself as JavaScript spells it', async () => {
  const vault = await openTestVault()
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
  await fc.assert(
    fc.asyncProperty(finite, async (value) => {
      await vault.put(observation('o', value))
      const text = encodeURIComponent(String(value))
      assert.equal((await vault.search(`Observation?value-quantity=${text}`)).total, 1)
      assert.equal((await vault.search(`Observation?value-quantity=ne${text}`)).total, 0)
    }),
  )
  await vault.close()
})
