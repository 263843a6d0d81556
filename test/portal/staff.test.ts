/** Staff: from the demo's page into a role by one click, a passkey of one's own, signing in by it, signing out. */
import assert from 'node:assert/strict'
import { type Demo, demoTest, step } from '../support/demo.ts'
import { requireAccessible } from './support/axe.ts'
import { launch, noBrowser, Person, type Size } from './support/browser.ts'
import { portalOf } from './support/portal.ts'

const ROLES: readonly (readonly [size: Size, member: string, name: string])[] = [
  ['desktop', 'lakeside', 'Elsa Lindqvist'],
  ['phone', 'hilltop', 'Karim Haddad'],
]

demoTest('staff sign in from the demo’s page, then by passkey', { skip: noBrowser }, async (t, demo) => {
  const browser = await launch()
  try {
    for (const [size, member, name] of ROLES) {
      const person = await Person.arrive(browser, size)
      await step(t, `one click into a role (${size})`, () => entersRole(person, demo, size, member, name))
      await step(t, `adds a passkey and signs in by it (${size})`, () => usesPasskey(person))
      await step(t, `another role’s page leads home (${size})`, () => staysInRole(person, demo, member))
      await person.leave()
    }
    await step(t, 'a session without its other half is nothing', () => needsBothHalves(demo))
  } finally {
    await browser.close()
  }
})

async function look(person: Person, name: string): Promise<void> {
  person.requireNoTrouble()
  await requireAccessible(person, name)
  await person.shoot(name)
}

async function entersRole(person: Person, demo: Demo, size: Size, member: string, name: string): Promise<void> {
  const button = person.page.getByRole('button', { name: new RegExp(name) })
  const { page } = person
  await page.goto(demo.network.portal)
  await page.getByRole('heading', { name: 'Step into a role' }).waitFor()
  await button.waitFor()
  await look(person, 'demo')
  await button.click()
  await page.waitForURL(`${portalOf(demo, member)}/app/patients`)
  await page.getByRole('heading', { name: 'Patients', exact: true }).waitFor()
  if (size === 'desktop') await page.getByText(`at ${demo.member(member).name}`).waitFor()
  const { cookies } = await person.context.storageState()
  const own = cookies.find(({ name }) => name === `salus-${member}`)
  assert.deepEqual([own?.httpOnly, own?.sameSite], [true, 'Strict'])
}

async function usesPasskey(person: Person): Promise<void> {
  const { page } = person
  await page.getByRole('link', { name: 'Account' }).click()
  await page.getByText('No passkey yet').waitFor()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('Not used yet').waitFor()
  await look(person, 'account')
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByRole('heading', { name: 'Your record. Your say.' }).waitFor()
  await page.getByRole('link', { name: /^Sign in/ }).click()
  await look(person, 'sign-in')
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('heading', { name: 'Patients', exact: true }).waitFor()
}

async function staysInRole(person: Person, demo: Demo, member: string): Promise<void> {
  const { page } = person
  await page.goto(`${portalOf(demo, member)}/app/admin`)
  await page.waitForURL('**/app/patients')
  const status = await page.evaluate(async () => (await fetch('/admin/users')).status)
  assert.equal(status, 401, 'the cookie alone opens nothing')
  person.forgive(/status of 401/)
  await page.goto(`${portalOf(demo, 'riverside')}/app/patients`)
  await page.waitForURL('**/app/sign-in')
}

async function needsBothHalves(demo: Demo): Promise<void> {
  const { url, adminToken } = demo.member('lakeside')
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
  const { users } = (await (await fetch(`${url}/admin/users`, { headers })).json()) as {
    users: { id: string; kind: string }[]
  }
  const { id } = users.find(({ kind }) => kind === 'operator') as { id: string }
  const made = await fetch(`${url}/admin/users/${id}/sign-in-link`, { method: 'POST', headers, body: '{}' })
  const code = /code=(.+)$/.exec(((await made.json()) as { url: string }).url)?.[1]
  const signIn = (): Promise<Response> =>
    fetch(`${url}/session/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
  const signedIn = await signIn()
  const { session } = (await signedIn.json()) as { session: { csrf: string } }
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] as string
  assert.equal((await signIn()).status, 403, 'a link serves once')
  const ask = async (given: Record<string, string>): Promise<number> =>
    (await fetch(`${url}/admin/outbox`, { headers: given })).status
  assert.equal(await ask({ cookie, 'x-salus-csrf': session.csrf }), 200)
  assert.equal(await ask({ cookie }), 401)
  assert.equal(await ask({ cookie, 'x-salus-csrf': 'A'.repeat(43) }), 403)
  assert.equal(await ask({ 'x-salus-csrf': session.csrf }), 401)
  await fetch(`${url}/session`, { method: 'DELETE', headers: { cookie, 'x-salus-csrf': session.csrf } })
  assert.equal(await ask({ cookie, 'x-salus-csrf': session.csrf }), 401)
}
