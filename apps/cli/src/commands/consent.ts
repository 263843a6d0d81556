/** `salus consent`: grant, list, show and revoke. */
import { SalusError } from '@salus/core'
import {
  consentDocument,
  consentStatus,
  prepareConsent,
  prepareRevocation,
  type Wallet,
  writtenConsent,
} from '@salus/sdk'
import type { Command } from 'commander'
import { defineCommand } from '../define.ts'
import { memberOf, readText } from '../network.ts'
import { columns } from '../output.ts'
import { clientFor, nameOf, openSession, type PatientSession } from '../patient-session.ts'
import type { WalletOptions } from '../wallet-file.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** A consent that starts now holds for requests of clocks that are a little behind. */
const CLOCK_SLACK_MS = 60 * 1000

interface GrantOptions extends WalletOptions {
  readonly dir: string
  readonly custodian: string
  readonly recipient?: string
  readonly type?: readonly string[]
  readonly purpose?: readonly string[]
  readonly days?: number
  readonly withoutLabel?: readonly string[]
  readonly policy?: string
}

const list = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

function days(value: string): number {
  const number = Number(value)
  if (!Number.isFinite(number) || number <= 0 || number > 36_525) {
    throw new SalusError('usage', '--days takes a number of days above 0')
  }
  return number
}

export const consentGrant = defineCommand<GrantOptions>(
  (consent) =>
    walletOptions(consent.command('grant'))
      .description('grant a member access to the records at a custodian, signed by the wallet')
      .requiredOption('--custodian <member>', 'who holds the records')
      .option('--recipient <member>', 'who may see them')
      .option('--type <types>', 'resource types, with commas between; all when left out', list)
      .option('--purpose <codes>', 'purposes of use, with commas between (default: TREAT)', list)
      .option('--days <number>', 'how long, in days', days)
      .option('--without-label <codes>', 'nothing with these confidentiality labels, with commas between', list)
      .option('--policy <file>', 'a FHIR R4 Consent that stands as written')
      .addHelpText(
        'after',
        '\nExample:\n  salus consent grant --wallet me.json --custodian riverside --recipient lakeside' +
          ' --type Observation,Condition --days 30 --without-label R,V',
      ),
  async (options) => {
    const session = await openSession(options)
    const custodian = memberOf(session.network, options.custodian)
    const document = documentOf(session, options, session.file.wallet)
    const prepared = await prepareConsent(session.file.wallet, custodian.id, document, session.genesis, Date.now())
    await session.file.save(prepared.wallet)
    const id = prepared.consent.consentId
    try {
      await clientFor(prepared.wallet, custodian.id).grant(prepared.fileId, prepared.consent)
    } catch (error) {
      // Refused is not granted; where no answer came it may have been, and the ledger will tell.
      if (!(error instanceof SalusError && error.code === 'unreachable')) {
        await session.file.save(prepared.wallet.withoutConsent(id))
      }
      throw error
    }
    return { json: { id, status: 'active' }, text: `granted ${id}: committed to the ledger` }
  },
)

function documentOf(session: PatientSession, options: GrantOptions, wallet: Wallet) {
  const recipient =
    options.recipient === undefined ? undefined : memberOf(session.network, options.recipient).organization
  if (options.policy !== undefined) {
    if (options.type || options.purpose || options.days || options.withoutLabel) {
      throw new SalusError('usage', '--policy stands as written: only --recipient may narrow it')
    }
    return writtenConsent(readText(options.policy), recipient)
  }
  if (recipient === undefined) throw new SalusError('usage', 'name who may see the records with --recipient')
  const custodian = memberOf(session.network, options.custodian)
  const { patient } = wallet.enrolment(custodian.id)
  if (patient === null) throw new SalusError('patient-erased', 'this custodian has erased the patient')
  const now = Date.now()
  return consentDocument({
    patient,
    custodian: custodian.organization,
    recipient,
    types: options.type ?? [],
    purposes: options.purpose ?? ['TREAT'],
    withoutLabels: options.withoutLabel ?? [],
    startMs: now - CLOCK_SLACK_MS,
    endMs: options.days === undefined ? null : now + Math.round(options.days * DAY_MS),
  })
}

interface PickOptions extends WalletOptions {
  readonly dir: string
  readonly id?: string
  readonly custodian?: string
}

export const consentList = defineCommand<PickOptions>(
  (consent) =>
    walletOptions(consent.command('list'))
      .description('all consents of a wallet with their status on the ledger')
      .addHelpText('after', '\nExample:\n  salus consent list --wallet me.json'),
  async (options) => {
    const session = await openSession(options)
    const consents = await Promise.all(session.file.wallet.state.consents.map(({ id }) => describe(session, id)))
    return {
      json: { consents: consents.map(({ document, ...plain }) => plain) },
      text: consents.length === 0 ? 'no consents' : columns(consents.map((one) => [one.id, one.status, one.custodian])),
    }
  },
)

export const consentShow = defineCommand<PickOptions>(
  (consent) =>
    walletOptions(consent.command('show'))
      .description('one consent with its document')
      .option('--id <id>', 'the consent; not needed when there is only one')
      .addHelpText('after', '\nExample:\n  salus consent show --wallet me.json --id 5f…'),
  async (options) => {
    const session = await openSession(options)
    const shown = await describe(session, pick(session.file.wallet, options.id))
    return { json: shown, text: JSON.stringify(shown, null, 2) }
  },
)

export const consentRevoke = defineCommand<PickOptions>(
  (consent) =>
    walletOptions(consent.command('revoke'))
      .description('revoke a consent; once this returns the next read is refused')
      .option('--id <id>', 'the consent; not needed when only one is active')
      .addHelpText('after', '\nExample:\n  salus consent revoke --wallet me.json --id 5f…'),
  async (options) => {
    const session = await openSession(options)
    const { wallet } = session.file
    const id = pick(wallet, options.id)
    const consent = wallet.consent(id)
    const transaction = await prepareRevocation(wallet, id, session.genesis, Date.now())
    await clientFor(wallet, consent.custodian).submit(transaction)
    await session.file.save(wallet.withConsent({ ...consent, status: 'revoked' }))
    return { json: { id, status: 'revoked' }, text: `revoked ${id}: committed to the ledger` }
  },
)

function walletOptions(command: Command): Command {
  return command
    .requiredOption('--wallet <file>', "the patient's wallet file")
    .option('--passphrase-file <file>', 'file that holds the passphrase')
}

/** @throws SalusError `consent-unknown`, `usage` */
function pick(wallet: Wallet, id: string | undefined): string {
  const { consents } = wallet.state
  if (id !== undefined) {
    if (consents.some((consent) => consent.id === id)) return id
    throw new SalusError('consent-unknown', 'this wallet has no such consent')
  }
  const active = consents.filter((consent) => consent.status === 'active')
  const candidates = active.length > 0 ? active : consents
  if (candidates.length === 1) return candidates[0]?.id as string
  if (candidates.length === 0) throw new SalusError('consent-unknown', 'this wallet has no consent')
  throw new SalusError('usage', 'the wallet has several consents: name one with --id')
}

async function describe(session: PatientSession, id: string) {
  const consent = session.file.wallet.consent(id)
  const { url } = session.file.wallet.enrolment(consent.custodian)
  return {
    id,
    status: await consentStatus(url, id, session.genesis),
    custodian: nameOf(session.network, consent.custodian),
    document: JSON.parse(consent.document) as unknown,
  }
}
