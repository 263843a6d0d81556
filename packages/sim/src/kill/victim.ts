/**
 * A real network to be killed: two members' nodes on one embedded ledger, in one process on real files, sockets, clocks
 * and threads, under load from within. For each thing that was acknowledged it prints one line; what a line says must
 * be there whenever the process is killed. With `drain` it does nothing but bring all that waits to the ledger.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  ed25519PublicKey,
  fromHex,
  memberId,
  randomBytes,
  readGenesis,
  toBase64url,
  toHex,
  writeGenesis,
} from '@salus/core'
import { openEmbeddedLedger } from '@salus/ledger'
import { makeKeys, publicKeys, type RunningNode, startNode, writeKeys } from '@salus/node'
import { consentDocument, PatientClient, prepareConsent, prepareRevocation, Wallet } from '@salus/sdk'

/** What a victim's folder begins with. */
interface Setup {
  readonly genesisText: string
  /** Seeds in hexadecimal. */
  readonly engineKey: string
  readonly wallet: string
  readonly members: readonly { readonly handle: string; readonly id: string; readonly port: number }[]
}

const HANDLES = ['riverside', 'lakeside'] as const
const PATIENT = 'p1'
const WRITERS = 6
const READERS = 3
const LIFETIME_S = 3600

/** Where a victim keeps the files of a member, and those of its ledger. */
export function victimFolder(directory: string, name: string): string {
  return join(directory, name)
}

/** The members' names and the genesis file of a victim that was started at least once. */
export function readSetup(directory: string): Setup {
  return JSON.parse(readFileSync(join(directory, 'setup.json'), 'utf8')) as Setup
}

async function setUp(directory: string): Promise<Setup> {
  if (existsSync(join(directory, 'setup.json'))) return readSetup(directory)
  const engineKey = randomBytes(32)
  const founded = []
  for (const handle of HANDLES) {
    const keys = makeKeys()
    mkdirSync(victimFolder(directory, handle), { recursive: true })
    writeKeys(join(victimFolder(directory, handle), 'keys.json'), keys)
    const { signingKey, encryptionKey } = publicKeys(keys)
    founded.push({ handle, id: memberId(handle, signingKey), port: await freePort(), signingKey, encryptionKey })
  }
  const genesisText = writeGenesis({
    format: 'salus-genesis/1',
    network: 'kill',
    timeMs: Date.now() - 1000,
    protocol: 1,
    engine: { kind: 'embedded', publicKey: ed25519PublicKey(engineKey) },
    members: founded.map(({ port, ...member }) => ({
      ...member,
      name: member.handle,
      roles: ['provider'],
      url: `http://127.0.0.1:${port}`,
    })),
  })
  const members = founded.map(({ handle, id, port }) => ({ handle, id, port }))
  const setup = { genesisText, engineKey: toHex(engineKey), wallet: toHex(randomBytes(32)), members }
  writeFileSync(join(directory, 'setup.json'), JSON.stringify(setup))
  return setup
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

class Load {
  readonly #setup: Setup
  readonly #nodes: readonly RunningNode[]
  readonly #operator: string
  /** Tells the requests of this life from those of others. */
  readonly #life = toHex(randomBytes(4))
  #count = 0
  #wallet: Wallet

  constructor(setup: Setup, nodes: readonly RunningNode[], operator: string) {
    this.#setup = setup
    this.#nodes = nodes
    this.#operator = operator
    this.#wallet = new Wallet(fromHex(setup.wallet))
  }

  async run(): Promise<void> {
    const custodian = this.#nodes[0]!
    await this.#put(custodian.url, { resourceType: 'Patient', id: PATIENT })
    this.#wallet = await this.#enrol(custodian)
    const loops = [
      ...Array.from({ length: WRITERS }, () => () => this.#write(custodian.url)),
      ...Array.from({ length: READERS }, () => () => this.#read(custodian.url, custodian)),
      ...Array.from(
        { length: READERS },
        () => () => this.#read(`${this.#nodes[1]!.url}/exchange/riverside`, this.#nodes[1]!),
      ),
      () => this.#consent(),
    ]
    await Promise.all(loops.map((loop) => forever(loop)))
  }

  #name(): string {
    return `${this.#life}-${++this.#count}`
  }

  async #put(url: string, resource: { readonly resourceType: string; readonly id: string }): Promise<boolean> {
    const response = await fetch(`${url}/fhir/${resource.resourceType}/${resource.id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.#operator}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify(resource),
    })
    await response.arrayBuffer()
    return response.status === 201 || response.status === 200
  }

  async #write(url: string): Promise<void> {
    const id = this.#name()
    const observation = {
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { text: 'load' },
      subject: { reference: `Patient/${PATIENT}` },
      valueString: id,
    }
    if (await this.#put(url, observation)) say(`version ${id}`)
  }

  async #read(url: string, node: RunningNode): Promise<void> {
    const practitioner = `Practitioner/${this.#name()}`
    const token = await node.issueToken({
      kind: 'practitioner',
      practitioner,
      scopes: 'user/*.rs',
      lifetimeS: LIFETIME_S,
    })
    const path = `Observation?patient=Patient/${PATIENT}&_count=1`
    const response = await fetch(`${url}/fhir/${path}`, { headers: { authorization: `Bearer ${token}` } })
    const body = (await response.json()) as { entry?: unknown[] }
    if (response.status === 200 && body.entry?.length) say(`disclosure ${practitioner}`)
  }

  async #enrol({ url, memberId: custodian }: RunningNode): Promise<Wallet> {
    const { scheme, bytes } = this.#wallet.identity(custodian).publicKey
    const response = await fetch(`${url}/admin/enrolments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#operator}`, 'content-type': 'application/json' },
      body: JSON.stringify({ patient: `Patient/${PATIENT}`, key: { scheme, bytes: toBase64url(bytes) } }),
    })
    const { fileId } = (await response.json()) as { fileId: string }
    const reference = `Patient/${PATIENT}`
    const enrolled = this.#wallet.withEnrolment({ custodian, url, fhir: `${url}/fhir`, patient: reference, fileId })
    // Keys of consents made in earlier lives stay used.
    const nextIndex = randomBytes(3).reduce((sum, byte) => sum * 256 + byte, 0)
    return new Wallet(fromHex(this.#setup.wallet), { ...enrolled.state, nextIndex })
  }

  /** Grants to the other member for a moment. */
  async #consent(): Promise<void> {
    const genesis = readGenesis(this.#setup.genesisText)
    const [custodian, recipient] = this.#nodes as [RunningNode, RunningNode]
    const document = consentDocument({
      patient: `Patient/${PATIENT}`,
      custodian: `Organization/${custodian.memberId}`,
      recipient: `Organization/${recipient.memberId}`,
      types: [],
      purposes: ['TREAT'],
      withoutLabels: [],
      startMs: Date.now() - 60_000,
      endMs: null,
    })
    const client = new PatientClient(custodian, this.#wallet.identity(custodian.memberId))
    const prepared = await prepareConsent(this.#wallet, custodian.memberId, document, genesis, Date.now())
    const { fileId, consent } = prepared
    await client.grant(fileId, consent)
    say(`granted ${consent.consentId}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await client.submit(await prepareRevocation(prepared.wallet, consent.consentId, genesis, Date.now()))
    say(`revoked ${consent.consentId}`)
    this.#wallet = prepared.wallet.withoutConsent(consent.consentId)
  }
}

async function forever(loop: () => Promise<void>): Promise<never> {
  for (;;) await loop()
}

async function main(directory: string, isDraining: boolean): Promise<void> {
  const setup = await setUp(directory)
  const ledger = await openEmbeddedLedger({
    directory: victimFolder(directory, 'ledger'),
    genesis: setup.genesisText,
    engineKey: fromHex(setup.engineKey),
  })
  const nodes: RunningNode[] = []
  for (const { handle, port } of setup.members) {
    const folder = victimFolder(directory, handle)
    const keyFile = join(folder, 'keys.json')
    const { genesisText } = setup
    const options = { handle, directory: folder, keyFile, genesisText, ledger, consensusKey: null }
    nodes.push(await startNode({ ...options, host: '127.0.0.1', port }))
  }
  if (isDraining) {
    for (const node of nodes) await node.flush()
    for (const node of nodes) await node.close()
    await ledger.close()
    return
  }
  const order = { kind: 'operator', practitioner: null, scopes: 'system/*.cruds', lifetimeS: LIFETIME_S } as const
  const operator = await nodes[0]!.issueToken(order)
  say('ready')
  await new Load(setup, nodes, operator).run()
}

if (import.meta.main) {
  const [directory, mode] = process.argv.slice(2)
  await main(directory!, mode === 'drain')
}
