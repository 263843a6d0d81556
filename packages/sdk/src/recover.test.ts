import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { recoverFromCustodians } from './recover.ts'
import { createWallet } from './wallet/index.ts'

/** A node that answers every request with this; resolves to its URL. */
async function answering(t: TestContext, status: number, answer: object): Promise<string> {
  const server: Server = createServer((_request, reply) => {
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const refusal = (code: string): object => ({ error: { code, message: code, details: {} } })

test('who does not know the key is no entry; who does not say what it knows is named', async (t) => {
  const urls = {
    enrolledNothing: await answering(t, 200, { files: [] }),
    notEnrolled: await answering(t, 401, refusal('patient-signature-unknown')),
    clockIsWrong: await answering(t, 401, refusal('patient-signature-time')),
    failing: await answering(t, 500, refusal('internal')),
    talksNonsense: await answering(t, 200, { files: 'none' }),
    unreachable: 'http://127.0.0.1:1',
  }
  const custodians = Object.values(urls).map((url, i) => ({ memberId: `${i}`.repeat(32), url }))
  const { wallet, unanswered } = await recoverFromCustodians(createWallet(), custodians)
  const named = custodians.filter(({ memberId }) => unanswered.includes(memberId)).map(({ url }) => url)
  assert.deepEqual(named, [urls.clockIsWrong, urls.failing, urls.talksNonsense, urls.unreachable])
  assert.deepEqual(wallet.state.enrolments, [])
})
