/**
 * The ledger as strangers check it. Tools that do not know Salus read its log: fsck of Tessera over the tiles, and a
 * small program (test/go) on the note and log packages of the Go checksum database and on the cosignature verifier of
 * transparency.dev. An audit over HTTP replays what a node publishes, and a witness refuses a signer's second history.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ed25519Signer, fromHex, randomBytes, readGenesis, signTransaction } from '@salus/core'
import { type AuditReport, type Ledger, type LedgerStatus, openEmbeddedLedger } from '@salus/ledger'
import { runSalus } from './support/child.ts'
import { check, type Demo, demoTest, step } from './support/demo.ts'

const GO_SOURCE = fileURLToPath(new URL('go', import.meta.url))
/** What the modules that test/go pins ask for. */
const GO_MINOR_MIN = 25

const GO_ENVIRONMENT = { ...process.env, GOTOOLCHAIN: 'local' }

function go(args: readonly string[]): string {
  return execFileSync('go', args, { cwd: GO_SOURCE, env: GO_ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' })
}

function succeeds(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch {
    return false
  }
}

/** Why the tools in Go cannot run here; undefined when they can. `SALUS_REQUIRE_GO=1` makes that a failure. */
function whyNoGo(): string | undefined {
  if (!succeeds(() => go(['version']))) {
    return 'there is no Go on the PATH, which the independent tools that check the log need'
  }
  const version = go(['env', 'GOVERSION']).trim()
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? []
  if (Number(major) !== 1 || Number(minor) < GO_MINOR_MIN) {
    return `the independent tools that check the log need Go 1.${GO_MINOR_MIN} or newer, and this is ${version}`
  }
  return succeeds(() => go(['mod', 'download'])) ? undefined : 'the Go modules that test/go pins cannot be fetched'
}

const isGoRequired = process.env.SALUS_REQUIRE_GO === '1'
const noGo = whyNoGo()

interface Witnessed {
  readonly outcome: 'first' | 'same' | 'advanced' | 'forked'
  readonly evidence: string
  readonly checkpoint: { readonly height: number; readonly logSize: number; readonly logRoot: string }
  readonly verifierKey: string
}

const WITNESS = ['ledger', 'witness', '--state', 'view.txt', '--key', 'witness.key', '--name', 'witness.example/w1']

demoTest('the ledger as strangers check it', {}, async (t, demo) => {
  const { url } = demo.member('lakeside')
  await check(t, 'a node serves the log as tlog-tiles asks', () => servesTiles(url))
  await step(t, 'a witness takes its first view, and follows the log', async () => {
    assert.equal((await demo.salus<Witnessed>([...WITNESS, '--as', 'lakeside'])).json.outcome, 'first')
    await grow(demo)
    const { code, json } = await demo.salus<Witnessed>([...WITNESS, '--as', 'hilltop'])
    assert.deepEqual([code, json.outcome], [0, 'advanced'])
    assert.equal((await demo.salus<Witnessed>([...WITNESS, '--as', 'hilltop'])).json.outcome, 'same')
  })
  await check(t, 'an audit over HTTP gives the roots that the checkpoint signs', async () => {
    const { code, json } = await demo.salus<AuditReport>(['ledger', 'audit', '--as', 'lakeside'])
    const { checkpoint } = (await demo.salus<Witnessed>([...WITNESS, '--as', 'lakeside'])).json
    assert.deepEqual([code, json.divergence], [0, null])
    assert.deepEqual([json.transactions, json.logRoot], [checkpoint.logSize, checkpoint.logRoot])
  })
  await t.test('tools in Go that do not know Salus', { skip: isGoRequired ? false : noGo }, async () => {
    assert.equal(noGo, undefined, noGo)
    await checkWithGo(demo, `${url}/ledger`)
  })
  await check(t, 'a signer with two histories is refused, with evidence', () => refusesForks(demo))
  await check(t, 'a log that was not signed so is refused', () => refusesChangedLog(demo, url))
})

async function servesTiles(url: string): Promise<void> {
  const head = async (path: string): Promise<(string | number | null)[]> => {
    const { status, headers } = await fetch(`${url}/ledger/${path}`)
    return [status, headers.get('content-type'), headers.get('cache-control')]
  }
  const immutable = 'public, max-age=31536000, immutable'
  assert.deepEqual(await head('checkpoint'), [200, 'text/plain; charset=utf-8', 'no-cache'])
  for (const path of ['tile/0/000.p/2', 'tile/entries/000.p/2']) {
    assert.deepEqual(await head(path), [200, 'application/octet-stream', immutable], path)
  }
  for (const path of ['tile/0/000', 'tile/0/000.p/0', 'tile/0/0', 'tile/00/000', 'tile/1/000.p/1']) {
    assert.equal((await head(path))[0], 404, path)
  }
}

/** A refused read becomes an entry of the log, once the outbox has sent it. */
async function grow(demo: Demo): Promise<void> {
  const status = async (): Promise<number> => {
    const { json } = await demo.salus<{ logSize: number }>(['ledger', 'status'])
    return json.logSize
  }
  const before = await status()
  await demo.exchange('lakeside', 'riverside').get(demo.patient(0).reference)
  const untilMs = Date.now() + 30_000
  while ((await status()) === before) assert.ok(Date.now() < untilMs, 'the log does not grow')
}

async function checkWithGo(demo: Demo, url: string): Promise<void> {
  const bin = join(demo.folder, 'go')
  mkdirSync(bin)
  const packages = ['.', 'github.com/transparency-dev/tessera/cmd/fsck']
  go(['build', '-mod=readonly', '-o', `${bin}/`, ...packages])
  const { verifierKey } = (await demo.salus<{ verifierKey: string }>(['ledger', 'checkpoint', '--verifier-key'])).json
  const keyFile = join(bin, 'ledger.key')
  writeFileSync(keyFile, verifierKey)
  const fsck = ['-storage_url', `${url}/`, '-public_key', keyFile, '-ui=false', '-v=1']
  // Its exit code is 0 whatever it finds: only what it says tells.
  const { stderr } = spawnSync(join(bin, 'fsck'), fsck, { encoding: 'utf8' })
  assert.match(stderr, /Successfully fsck'd log with size \d+/)
  const witness = (await demo.salus<Witnessed>([...WITNESS, '--as', 'lakeside'])).json
  const view = join(demo.folder, 'view.txt')
  const said = execFileSync(join(bin, 'logcheck'), [url, verifierKey, view, witness.verifierKey], { encoding: 'utf8' })
  assert.match(said, new RegExp(`^${witness.checkpoint.logSize} entries under root \\S+, and a cosignature`))
}

/** A second ledger with the same genesis and the same engine key: what a dishonest operator could show to some. */
async function refusesForks(demo: Demo): Promise<void> {
  const genesis = join(demo.folder, demo.network.genesis)
  const { checkpoint } = (await demo.salus<Witnessed>([...WITNESS, '--as', 'lakeside'])).json
  const view = readFileSync(join(demo.folder, 'view.txt'), 'utf8')
  const directory = mkdtempSync(join(tmpdir(), 'salus-fork-'))
  const engineKey = fromHex(readFileSync(demo.state('engine.key'), 'utf8'))
  const forged = await openEmbeddedLedger({ directory, genesis: demo.genesis, engineKey })
  try {
    await withServer(forged, async (url) => {
      const { height, logSize } = checkpoint
      for (const [hasGrown, contradiction] of [
        [(now: LedgerStatus) => now.height === height - 1, 'order'],
        [(now: LedgerStatus) => now.height === height, 'height'],
        [(now: LedgerStatus) => now.height > height && now.logSize > logSize, 'history'],
      ] as const) {
        await growUntil(forged, demo.genesis, hasGrown)
        const { code, json } = await demo.salus<Witnessed>([...WITNESS, '--url', url, '--genesis', genesis])
        assert.deepEqual([code, json.outcome], [4, 'forked'], contradiction)
        const verified = await runSalus(['verify', json.evidence, '--genesis', genesis, '--json'], demo.folder)
        assert.equal(verified.code, 0)
        assert.equal((JSON.parse(verified.stdout) as Claimed).claim.contradiction, contradiction)
        assert.equal(readFileSync(join(demo.folder, 'view.txt'), 'utf8'), view, 'the view stays')
      }
      const file = JSON.parse(readFileSync(join(demo.folder, 'view.txt.fork.json'), 'utf8')) as object
      writeFileSync(join(demo.folder, 'none.json'), `${JSON.stringify({ ...file, prefix: null }, null, 2)}\n`)
      const unfounded = await demo.salus(['verify', 'none.json', '--genesis', genesis])
      assert.deepEqual([unfounded.code, unfounded.json.error.code], [4, 'fork-unfounded'])
    })
  } finally {
    await forged.close()
    rmSync(directory, { recursive: true })
  }
}

interface Claimed {
  readonly claim: { readonly contradiction: string }
}

async function growUntil(ledger: Ledger, genesis: string, hasGrown: (now: LedgerStatus) => boolean): Promise<void> {
  const signer = ed25519Signer(randomBytes(32))
  const { ledgerId } = readGenesis(genesis)
  while (!hasGrown(ledger.status())) {
    const commands = [{ contract: 'none', command: 'none', args: [] }]
    const expiresAtMs = Date.now() + 60_000
    const body = { ledgerId, signer: signer.publicKey, nonce: randomBytes(16), expiresAtMs, commands }
    await ledger.submit(await signTransaction(body, signer))
  }
}

/** Serves a ledger's checkpoint and tiles. */
async function withServer(
  ledger: Pick<Ledger, 'checkpoint' | 'tile'>,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const content =
      path === '/ledger/checkpoint' ? ledger.checkpoint() : ledger.tile(path.slice('/ledger/tile/'.length))
    response.writeHead(content === undefined ? 404 : 200).end(content)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    await new Promise((closed) => server.close(closed))
  }
}

/** The real checkpoint over tiles in which one byte differs: no fork, since nobody signed the other log. */
async function refusesChangedLog(demo: Demo, url: string): Promise<void> {
  const genesis = join(demo.folder, demo.network.genesis)
  const note = await (await fetch(`${url}/ledger/checkpoint`)).text()
  const size = Number(note.split('\n')[1])
  const read = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(`${url}/ledger/tile/${path}`)).arrayBuffer())
  const paths = [`0/000.p/${size}`, `entries/000.p/${size}`]
  const tiles = new Map(await Promise.all(paths.map(async (path) => [path, await read(path)] as const)))
  for (const [i, content] of [...tiles.values()].entries()) content[content.length - (i === 0 ? 1 : 2)] = 0xff
  await withServer({ checkpoint: () => note, tile: (path) => tiles.get(path) }, async (changed) => {
    const args = ['ledger', 'witness', '--state', 'other.txt', '--url', changed, '--genesis', genesis]
    const { code, json } = await demo.salus(args)
    assert.deepEqual([code, json.error.code], [4, 'tile-mismatch'])
    assert.equal(existsSync(join(demo.folder, 'other.txt')), false)
  })
}
