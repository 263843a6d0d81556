/** Files and batches that tests share. */
import assert from 'node:assert/strict'
import { call, closeFile, openFile, record } from '../src/index.ts'
import { ada, fourMembers } from './members.ts'
import { hash, id, type MemoryLedger } from './memory-ledger.ts'

/** One file's part of a batch. */
export function batch(file: string, count = 1, emergencies = 0) {
  return { fileId: id(file), count, root: hash(`${file} ${count}`), emergencies }
}

export function opening(file: string) {
  return call(record, openFile, { fileId: id(file) })
}

export function closing(file: string) {
  return call(record, closeFile, { fileId: id(file) })
}

/** Four members, and the files x and y of Ada. */
export function adasFiles(): MemoryLedger {
  const ledger = fourMembers()
  assert.equal(ledger.apply(ada.key, opening('x'), opening('y')), null)
  return ledger
}
