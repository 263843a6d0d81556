/**
 * Staff at work: a clinician asks for access and sees the record once the patient, at a device of their own, grants it;
 * emergency access; an administrator looks into the ledger with checked proofs, imports, invites.
 */
import assert from 'node:assert/strict'
import { syntheticBundles } from '@salus/sim'
import type { Browser } from 'playwright-core'
import { type Demo, demoTest, step } from '../support/demo.ts'
import { requireAccessible } from './support/axe.ts'
import { launch, noBrowser, Person, type Size } from './support/browser.ts'
import { portalOf } from './support/portal.ts'

const PATIENT = 0
const SEEN_WITHIN_MS = 5000
/** What Chromium says of an answer that refuses, whatever the page makes of it. */
const REFUSED = /status of 403/

demoTest(
  'a clinician asks, a patient grants, an administrator looks after the node',
  { skip: noBrowser },
  async (t, demo) => {
    const browser = await launch()
    try {
      const clinician = await enter(browser, demo, 'desktop', /Elsa Lindqvist/)
      await step(t, 'a record elsewhere is closed, and asked for by its number', () => asks(clinician, demo))
      const patient = await enter(browser, demo, 'phone', new RegExp(demo.patient(PATIENT).name))
      await step(t, 'the patient grants, and the clinician sees within seconds', () => grants(patient, clinician))
      await step(t, 'emergency access wants a reason and stays flagged', () => breaksGlass(clinician, demo))
      const administrator = await enterAsAdministrator(browser, demo)
      await step(t, 'the node’s health, and each page in both schemes', () => tours(administrator, demo))
      await step(t, 'the ledger with a proof checked in the browser', () => explores(administrator))
      await step(t, 'imports a bundle, invites its patient', () => invites(administrator))
    } finally {
      await browser.close()
    }
  },
)

async function enter(browser: Browser, demo: Demo, size: Size, name: RegExp): Promise<Person> {
  const person = await Person.arrive(browser, size)
  await person.page.goto(demo.network.portal)
  await person.page.getByRole('button', { name }).first().click()
  await person.page.waitForURL(/\/app\//)
  return person
}

async function enterAsAdministrator(browser: Browser, demo: Demo): Promise<Person> {
  const person = await Person.arrive(browser, 'desktop')
  const { url, adminToken } = demo.member('riverside')
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
  const { users } = (await (await fetch(`${url}/admin/users`, { headers })).json()) as {
    users: { id: string; kind: string }[]
  }
  const { id } = users.find(({ kind }) => kind === 'operator') as { id: string }
  const made = await fetch(`${url}/admin/users/${id}/sign-in-link`, { method: 'POST', headers, body: '{}' })
  await person.page.goto(((await made.json()) as { url: string }).url)
  await person.page.getByRole('heading', { name: 'Overview' }).waitFor()
  return person
}

async function look(person: Person, name: string): Promise<void> {
  person.requireNoTrouble()
  await requireAccessible(person, name)
  await person.shoot(name)
}

async function asks(person: Person, demo: Demo): Promise<void> {
  const { page } = person
  const record = (await demo.own('riverside', 'admin').get(demo.patient(PATIENT).reference)).json as {
    identifier: { value: string }[]
  }
  await page.getByRole('heading', { name: 'Find a patient' }).waitFor()
  await look(person, 'clinician-patients')
  await page.getByRole('button', { name: 'Record at another member' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Record number').fill(record.identifier[0]?.value ?? '')
  await sheet.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('heading', { name: 'Nothing of this record is open to you' }).waitFor()
  person.forgive(REFUSED)
  await look(person, 'clinician-closed')
  await page.getByRole('button', { name: 'Ask for access' }).first().click()
  await page.getByLabel('Message to the patient').fill('I would like to see your blood pressure.')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('Asked.').waitFor()
}

async function grants(patient: Person, clinician: Person): Promise<void> {
  const { page } = patient
  await page.getByRole('link', { name: 'Requests' }).click()
  await page.getByRole('link', { name: 'Look and share' }).click()
  await page.getByRole('button', { name: /Share with Lakeside/ }).click()
  await page.getByRole('heading', { name: 'Lakeside Clinic' }).waitFor()
  const startedAtMs = performance.now()
  await clinician.page.getByRole('heading', { name: 'Timeline' }).waitFor({ timeout: SEEN_WITHIN_MS })
  process.stdout.write(`seen ${(performance.now() - startedAtMs).toFixed(0)} ms after the grant\n`)
  clinician.forgive(REFUSED)
  await look(clinician, 'clinician-shared')
}

async function breaksGlass(person: Person, demo: Demo): Promise<void> {
  const { page } = person
  await page.goto(`${portalOf(demo, 'lakeside')}/app/patients/riverside/${demo.patient(1).id}`)
  await page.getByRole('button', { name: 'Emergency access' }).first().click()
  const open = page.getByRole('button', { name: 'Open the record now' })
  assert.equal(await open.isDisabled(), true)
  await page.getByLabel('Reason').fill('unconscious after a fall')
  person.forgive(REFUSED)
  await look(person, 'clinician-emergency')
  await open.click()
  await page.getByText('Emergency access to Riverside Hospital').waitFor()
  await page.getByRole('heading', { name: 'Timeline' }).waitFor()
  person.forgive(REFUSED)
  const { json } = await demo.wallet<{ disclosures: { emergency: boolean; emergencyReason: string | null }[] }>(
    demo.patient(1),
    ['log'],
  )
  assert.ok(json.disclosures.some((one) => one.emergency && one.emergencyReason === 'unconscious after a fall'))
}

async function tours(person: Person, demo: Demo): Promise<void> {
  const { page } = person
  await page.getByText('The node is well').waitFor()
  await look(person, 'admin-overview')
  for (const [path, title] of [
    ['patients', 'Patients'],
    ['members', 'Members'],
    ['staff', 'Staff'],
    ['audit', 'Audit log'],
    ['import', 'Import records'],
    ['account', 'Account'],
  ] as const) {
    await page.goto(`${portalOf(demo, 'riverside')}/app/admin/${path}`)
    await page.getByRole('heading', { name: title, exact: true }).waitFor()
    await page.waitForLoadState('networkidle')
    await look(person, `admin-${path}`)
  }
}

async function explores(person: Person): Promise<void> {
  const { page } = person
  await page.getByRole('link', { name: 'Ledger' }).click()
  await page.getByRole('button', { name: 'Details' }).first().click()
  await page.getByRole('button', { name: 'Check the proof' }).click()
  await page.getByText('Proven').waitFor()
  await look(person, 'admin-transaction')
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('radio', { name: 'State' }).check({ force: true })
  await page.getByRole('button', { name: 'Look up and check' }).click()
  await page.getByText('Proven: this row is in the ledger').waitFor()
  await page.getByText('Riverside Hospital').first().waitFor()
  await page.getByRole('textbox', { name: 'Key' }).fill('0'.repeat(32))
  await page.getByRole('button', { name: 'Look up and check' }).click()
  await page.getByText('Proven: there is no such row').waitFor()
  await look(person, 'admin-state')
}

async function invites(person: Person): Promise<void> {
  const { page } = person
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('link', { name: /Import records/ }).click()
  const files = syntheticBundles({ seed: 7, count: 1 }).map((bundle, i) => ({
    name: `bundle-${i}.json`,
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(bundle)),
  }))
  await page.locator('input[type=file]').setInputFiles(files)
  await page.getByText(`${files.length} of ${files.length} files`).waitFor()
  assert.equal(await page.getByText('Refused').count(), 0)
  await look(person, 'admin-imported')
  await page.getByRole('link', { name: 'Overview' }).first().click()
  await page.getByRole('link', { name: 'Patients' }).click()
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByRole('button', { name: 'Invite' }).first().click()
  await page.getByRole('button', { name: 'Make the invitation' }).click()
  await page.getByRole('img', { name: 'QR code of the invitation' }).waitFor()
  await page.getByText(/\/app\/join#code=/).waitFor()
  await look(person, 'admin-invitation')
}
