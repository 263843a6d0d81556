/** One custodian on an embedded ledger of its own, with its database, its files and a patient's wallet. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, consent as contract, grant, openFile, record, revoke } from '@salus/contracts'
import {
  consentCommitment,
  controllerBindingDigest,
  ed25519PublicKey,
  ed25519Signer,
  fromHex,
  type GenesisMember,
  memberId,
  type PublicKey,
  randomBytes,
  SalusError,
  type Signer,
  signTransaction,
  toHex,
  utf8,
  writeGenesis,
} from '@salus/core'
import { type Ledger, openEmbeddedLedger } from '@salus/ledger'
import { CONSENT_DOCUMENTS_DDL, ConsentDocuments } from '../src/consent/documents.ts'
import type { LivingFile, SignedConsent } from '../src/consent/verify.ts'
import type { Database } from '../src/db/database.ts'
import { openSqlite } from '../src/db/sqlite.ts'
import { FILES_DDL, Files } from '../src/files/files.ts'
import { consent, type Json } from './consents.ts'

function member(handle: string, { publicKey }: Signer = ed25519Signer(randomBytes(32))): GenesisMember {
  const signingKey = publicKey.bytes
  const url = `https://${handle}.example`
  const id = memberId(handle, signingKey)
  return { id, handle, name: handle, roles: ['provider'], signingKey, encryptionKey: randomBytes(32), url }
}

export interface Custodian {
  readonly id: string
  readonly recipient: string
  readonly signer: Signer
  readonly ledger: Ledger
  readonly database: Database
  readonly files: Files
  readonly reports: SalusError[]
  load(): Promise<ConsentDocuments>
  close(): Promise<void>
}

export async function openCustodian(): Promise<Custodian> {
  const directory = mkdtempSync(join(tmpdir(), 'salus-consent-'))
  const engineKey = randomBytes(32)
  const signer = ed25519Signer(randomBytes(32))
  const [own, recipient] = [member('riverside', signer), member('lakeside')]
  const genesis = writeGenesis({
    format: 'salus-genesis/1',
    network: 'test',
    timeMs: Date.now() - 1000,
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
    members: [own, recipient],
  })
  const ledger = await openEmbeddedLedger({ directory: join(directory, 'ledger'), genesis, engineKey })
  const database = openSqlite(join(directory, 'node.db'), [FILES_DDL, CONSENT_DOCUMENTS_DDL])
  const files = await Files.load(database)
  const reports: SalusError[] = []
  return {
    id: own.id,
    recipient: recipient.id,
    signer,
    ledger,
    database,
    files,
    reports,
    load: () =>
      ConsentDocuments.load({
        database,
        ledger,
        files,
        custodian: own.id,
        now: Date.now,
        report: (error) => reports.push(error),
      }),
    close: async () => {
      await ledger.close()
      await database.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** Opens a patient's file with an enrolled key. */
export async function enrol(custodian: Custodian, patient: string): Promise<{ file: LivingFile; identity: Signer }> {
  const identity = ed25519Signer(randomBytes(32))
  await custodian.database.write((transaction) => custodian.files.ensure(transaction, patient))
  await custodian.files.refresh([patient])
  const file = await custodian.files.enrol(patient, identity.publicKey)
  return { file: { ...file, patient }, identity }
}

/** What a wallet makes: the document, its salt, a controller key and the binding that the identity key signs. */
export async function signConsent(
  provision: Json,
  { file, identity }: { file: LivingFile; identity: Signer },
  more: Json = {},
): Promise<SignedConsent & { file: LivingFile; signer: Signer }> {
  const signer = ed25519Signer(randomBytes(32))
  const document = JSON.stringify(
    consent(provision, { patient: { reference: `Patient/${file.patient}` }, organization: undefined, ...more }),
  )
  const salt = randomBytes(16)
  const consentId = toHex(randomBytes(16))
  const controller: PublicKey = signer.publicKey
  const digest = controllerBindingDigest({
    fileId: fromHex(file.fileId),
    consentId: fromHex(consentId),
    controller,
    commitment: consentCommitment(salt, utf8(document)),
  })
  return { consentId, document, salt, controller, binding: await identity.sign(digest), file, signer }
}

type Signed = SignedConsent & { readonly signer: Signer }

/** Commits the consent to the ledger. */
export async function grantOnLedger(ledger: Ledger, signed: Signed, expiresAtMs: number | null = null): Promise<void> {
  await submit(ledger, signed.signer, grantCommand(signed, expiresAtMs))
}

/** The transaction that would commit the consent to the ledger. */
export function grantTransaction(ledger: Ledger, signed: Signed): Promise<Uint8Array> {
  return transactionOf(ledger, signed.signer, grantCommand(signed, null))
}

function grantCommand({ consentId, salt, document }: Signed, expiresAtMs: number | null): ReturnType<typeof call> {
  const commitment = consentCommitment(salt, utf8(document))
  return call(contract, grant, { consentId: fromHex(consentId), commitment, expiresAtMs })
}

export async function revokeOnLedger(ledger: Ledger, { consentId, signer }: Signed): Promise<void> {
  await submit(ledger, signer, call(contract, revoke, { consentId: fromHex(consentId) }))
}

/** A block in which nothing is about consents. */
export async function openFileOnLedger({ ledger, signer }: Custodian): Promise<void> {
  await submit(ledger, signer, call(record, openFile, { fileId: randomBytes(16) }))
}

async function submit(ledger: Ledger, signer: Signer, command: ReturnType<typeof call>): Promise<void> {
  const { code } = await ledger.submit(await transactionOf(ledger, signer, command))
  if (code !== null) throw new SalusError(code, 'the ledger refused the transaction')
}

function transactionOf(ledger: Ledger, signer: Signer, command: ReturnType<typeof call>): Promise<Uint8Array> {
  return signTransaction(
    {
      ledgerId: ledger.status().ledgerId,
      signer: signer.publicKey,
      nonce: randomBytes(16),
      expiresAtMs: Date.now() + 60_000,
      commands: [command],
    },
    signer,
  )
}
