/** The log as a custodian states it, checked as a wallet does. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CHAIN_DOMAIN,
  CHAIN_START,
  DisclosureEntry,
  decode,
  disclosureCommitment,
  encode,
  fromHex,
  LogStatement,
  logStatementDigest,
  nextChainHead,
  randomBytes,
  stateKey,
  toHex,
} from '@salus/core'
import { merkleRoot } from '@salus/proof'
import { checkLog } from '../../../sdk/src/log/check.ts'
import { disclosureLog } from './log.ts'
import { disclosureOf, openTestCustodian } from './test-custodian.ts'

test('a custodian that states more entries than the ledger counts, in place of the true ones, is found out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'salus-'))
  const custodian = await openTestCustodian(directory, 1)
  try {
    const { journal, outbox, ledger, sign, id, genesis } = custodian
    const fileId = toHex(randomBytes(16))
    const entry = { ...disclosureOf(fileId), custodian: id, requester: id }
    await journal.append([entry, entry, entry])
    await outbox.flush()
    const prove = (contract: string, row: string, key: readonly unknown[]) =>
      ledger.proveState(stateKey(contract, row, key as Parameters<typeof stateKey>[2]))
    const evidence = {
      disclosures: await prove('disclosure', 'file', [fromHex(fileId)]),
      file: await prove('record', 'file', [fromHex(fileId)]),
      member: await prove('membership', 'member', [id]),
      signer: await prove('membership', 'key', [sign.publicKey.bytes]),
    }
    const honest = await disclosureLog({ journal, ledger, custodian: id, sign }, fileId, 0)
    assert.deepEqual(checkLog(honest, evidence, fromHex(fileId), genesis).problems, [])

    const invented = [1, 2, 3, 4].map((sequence) => ({
      ...entry,
      ...{ what: [], content: null, sequence, salt: randomBytes(16) },
    }))
    const batch = { count: 4, root: merkleRoot(invented.map(disclosureCommitment)) }
    const head = nextChainHead(CHAIN_DOMAIN.disclosure, CHAIN_START, batch)
    const statement = { ...decode(LogStatement, honest.statement), entries: 4, head }
    const inflated = {
      entries: invented.map((one) => encode(DisclosureEntry, one)),
      batches: [batch],
      statement: encode(LogStatement, statement),
      signature: await sign.sign(logStatementDigest(statement)),
    }
    const checked = checkLog(inflated, evidence, fromHex(fileId), genesis)
    assert.equal(checked.complete, false)
    assert.ok(checked.problems.includes('disclosures-altered'))
  } finally {
    await custodian.close()
    await rm(directory, { recursive: true })
  }
})
