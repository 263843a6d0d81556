/**
 * `/healthz` (the process lives), `/readyz` (its ledger commits, and it can decide requests of other members and record
 * what it releases),
 * `/metrics` (Prometheus).
 */

import type { Ledger } from '@salus/ledger'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Journal } from './disclosure/journal.ts'
import { LEDGER_LAG_MS_MAX } from './limits.ts'
import type { Outbox } from './outbox/outbox.ts'

export interface HealthParts {
  readonly ledger: Ledger
  readonly outbox: Outbox
  readonly journal: Pick<Journal, 'isRecording'>
}

/** Adds the three paths. */
export function health(app: FastifyInstance, { ledger, outbox, journal }: HealthParts): void {
  const registry = metrics(ledger, outbox)
  app.get('/healthz', async () => ({ status: 'alive' }))
  app.get('/readyz', async (_request, reply) => {
    const { lagMs, height, isFailed } = ledger.status()
    const isLagging = lagMs > LEDGER_LAG_MS_MAX
    const working = isLagging ? 'lagging' : journal.isRecording ? 'ready' : 'not-recording'
    const status = isFailed ? 'ledger-failed' : working
    return reply.code(status === 'ready' ? 200 : 503).send({ status, height, lagMs })
  })
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}

function metrics(ledger: Ledger, outbox: Outbox): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  gauge('salus_ledger_height', 'Height of this replica', () => ledger.status().height)
  gauge('salus_ledger_lag_ms', 'How far this replica lags behind, in milliseconds', () => ledger.status().lagMs)
  gauge('salus_ledger_state_keys', 'Keys in the ledger state', () => ledger.status().stateKeys)
  gauge('salus_outbox_waiting', 'Commitments that wait for the ledger', () => outbox.waiting)
  return registry
}
