/**
 * A real browser for tests of the portal: Debian's Chromium, headless, with the virtual authenticator of WebAuthn. A
 * context is a person with a device of their own. Whatever a page logs as an error, or fails to load, fails the test.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Why tests that need a browser cannot run here; false when they can. */
export const noBrowser: string | false = CHROMIUM === undefined ? 'there is no Chromium' : false

/** Screenshots are build output, not committed. */
const SHOTS = join(import.meta.dirname, '../../../build/screenshots')

export const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 860 },
} as const
export type Size = keyof typeof SIZES

export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: ['--disable-dev-shm-usage', '--force-color-profile=srgb'],
  })
}

/** Longest wait for anything in a page. */
const WAIT_MS_MAX = 15_000

/** Somebody at a device. */
export class Person {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong in the page by itself. */
  readonly troubles: string[] = []

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.on('pageerror', (error) => this.troubles.push(`${error.name}: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.troubles.push(message.text())
    })
  }

  /** A person with a fresh browser profile and a passkey device that has the PRF extension, unless told otherwise. */
  static async arrive(browser: Browser, size: Size, { passkeys = true, locale = 'en-GB' } = {}): Promise<Person> {
    const context = await browser.newContext({
      viewport: SIZES[size],
      locale,
      timezoneId: 'Europe/Berlin',
      deviceScaleFactor: size === 'phone' ? 2 : 1,
      hasTouch: size === 'phone',
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    page.setDefaultTimeout(WAIT_MS_MAX)
    const person = new Person(context, page)
    if (passkeys) await person.#addAuthenticator()
    return person
  }

  async #addAuthenticator(): Promise<void> {
    const devtools = await this.context.newCDPSession(this.page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        hasPrf: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
  }

  /** Asserts that nothing went wrong by itself since the last time. */
  requireNoTrouble(): void {
    assert.deepEqual(this.troubles.splice(0), [])
  }

  /** Takes out of what went wrong what is expected to. */
  forgive(expected: RegExp): void {
    const others = this.troubles.filter((trouble) => !expected.test(trouble))
    this.troubles.splice(0, this.troubles.length, ...others)
  }

  /** Keeps a picture of the whole page under this name. */
  async shoot(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true })
    const size = this.page.viewportSize()?.width === SIZES.phone.width ? 'phone' : 'desktop'
    const scheme = await this.page.evaluate(() => document.documentElement.dataset.scheme ?? 'light')
    // As tall as the page, so that what is fixed to the window's foot stands at the picture's.
    const heightPx = await this.page.evaluate(() => document.documentElement.scrollHeight)
    await this.page.setViewportSize({ width: SIZES[size].width, height: Math.max(heightPx, SIZES[size].height) })
    await this.page.screenshot({ path: join(SHOTS, `${name}-${size}-${scheme}.png`) })
    await this.page.setViewportSize(SIZES[size])
  }

  async leave(): Promise<void> {
    await this.context.close()
  }
}
