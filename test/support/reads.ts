/** The questions by which another member may try to see more of a record than a consent covers. */
import assert from 'node:assert/strict'
import type { Bundle } from '@medplum/fhirtypes'
import { assertNothingOutside, checkSearch, coveredOf, outsideOf, type World } from './coverage.ts'
import { nameOf, names, type Stored } from './fhir.ts'
import type { Probes } from './probes.ts'

/** Versions are covered each by what it says itself, and never when the resource is restricted now. */
export async function checkVersions({ asker }: World, probes: Probes): Promise<void> {
  for (const path of [probes.hiddenLater, `${probes.hiddenLater}/_history/1`, `${probes.hiddenLater}/_history`]) {
    assert.equal((await asker.get(path)).status, 403, path)
  }
  assert.equal((await asker.get(probes.openedLater)).status, 200)
  assert.equal((await asker.get(`${probes.openedLater}/_history/1`)).status, 403)
  const { matches, totals } = await asker.pages(`${probes.openedLater}/_history`)
  assert.deepEqual([matches.map(({ meta }) => meta?.versionId), totals], [['2'], [1]])
}

export async function searches(world: World, probes: Probes): Promise<void> {
  const some = coveredOf(world)
    .slice(0, 3)
    .map(({ id }) => id)
  const hidden = outsideOf(world)
    .filter(({ resourceType }) => resourceType === 'Observation')
    .slice(0, 3)
  const encounter = outsideOf(world).find(({ resourceType }) => resourceType === 'Encounter') as Stored
  const criteria = [
    '',
    'code=http://loinc.org|29463-7',
    'code=29463-7,8302-2',
    'code:not=29463-7',
    'code:text=body',
    'category=laboratory',
    'status=final',
    'status:not=final',
    'date=ge2020',
    'date=lt2020-06-01&date=gt2015',
    'value-quantity=gt70',
    'value-quantity=70||kg',
    'combo-code=8480-6',
    'component-code=8480-6',
    'code-value-quantity=29463-7$gt60',
    'component-code:missing=false',
    'encounter:missing=true',
    `encounter=${nameOf(encounter)}`,
    `_id=${[...some, ...hidden.map(({ id }) => id)].join(',')}`,
    `_id=${hidden.map(({ id }) => id).join(',')}`,
    '_lastUpdated=gt2020-01-01',
    '_security=R',
    '_security:not=R',
    '_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|PSY',
    `derived-from=${probes.hidden}`,
    `derived-from=${probes.open}`,
    '_sort=-date',
    '_sort=code,-date',
    '_sort=_lastUpdated&category=vital-signs',
  ]
  let found = 0
  for (const one of criteria) found += await checkSearch(world, 'Observation', one)
  assert.ok(found > coveredOf(world).length, 'the searches find something')
  for (const one of ['', 'clinical-status=active', 'onset-date=ge2015', 'code:text=probe', '_sort=-onset-date']) {
    await checkSearch(world, 'Condition', one)
  }
  for (const type of ['Encounter', 'MedicationRequest', 'Procedure', 'DiagnosticReport']) {
    assert.equal(await checkSearch(world, type, ''), 0)
  }
  const form = `patient=${world.patient}&code=${encodeURIComponent('http://loinc.org|29463-7')}&_count=200`
  const posted = await world.asker.post('Observation/_search', form)
  const got = (await world.asker.get(`Observation?${form}`)).json as Bundle
  assert.equal(posted.status, 200, posted.text)
  assert.deepEqual((posted.json as Bundle).entry, got.entry)
}

export async function chains({ asker, patient }: World, probes: Probes): Promise<void> {
  const idsOf = async (path: string): Promise<string[]> => {
    const { matches, totals } = await asker.pages(path)
    assert.equal(totals[0], matches.length, `total of ${path}`)
    return names(matches)
  }
  const nothing = [
    `Observation?patient=${patient}&encounter.class=AMB`,
    `Observation?patient=${patient}&subject:Patient.name=Alvarez`,
    `Observation?patient=${patient}&patient.gender=female,male,other,unknown`,
    `Condition?patient=${patient}&encounter.date=ge1990`,
    'Observation?patient.family=Alvarez',
    `Observation?patient=${patient}&derived-from:Observation.code=hidden`,
    `Observation?patient=${patient}&_has:DiagnosticReport:result:status=final`,
    `Observation?patient=${patient}&_has:Observation:derived-from:code=hidden`,
    'Practitioner?_has:Observation:performer:status=final',
    'Practitioner?_has:Encounter:participant:status=finished',
    'Practitioner?_has:MedicationRequest:requester:status=active',
    'Patient?_has:Observation:patient:status=final',
    'Patient?family=Alvarez',
    'Organization?_has:Encounter:service-provider:status=finished',
  ]
  for (const path of nothing) assert.deepEqual(await idsOf(path), [], path)
  assert.deepEqual(await idsOf(`Observation?derived-from:Observation.code=open`), [probes.fromOpen])
  assert.deepEqual(await idsOf(`Observation?_has:Observation:derived-from:code=from-open`), [probes.open])
}

export async function includes(world: World, probes: Probes): Promise<void> {
  const { asker, patient } = world
  const queries = [
    '_include=Observation:encounter',
    '_include=Observation:subject',
    '_include=Observation:derived-from&_include:iterate=Observation:derived-from',
    '_include=*',
    '_revinclude=Observation:derived-from',
    '_revinclude=DiagnosticReport:result',
    '_revinclude=*:*',
  ]
  const wanted = names(coveredOf(world).filter(({ resourceType }) => resourceType === 'Observation'))
  for (const query of queries) {
    const { matches, included, totals } = await asker.pages(`Observation?patient=${patient}&${query}&_count=200`)
    assertNothingOutside(world, [...matches, ...included], query)
    assert.deepEqual([totals[0], names(matches)], [wanted.length, wanted])
  }
  const id = probes.fromHidden.slice('Observation/'.length)
  const { included } = await asker.pages(`Observation?_id=${id}&_include=Observation:derived-from`)
  assert.deepEqual(included, [])
  const open = probes.open.slice('Observation/'.length)
  const reverse = await asker.pages(`Observation?_id=${open}&_revinclude=Observation:derived-from`)
  assert.deepEqual(names(reverse.included), [probes.fromOpen])
  const encounters = await asker.pages('Practitioner?_revinclude=Encounter:practitioner')
  assert.deepEqual(encounters.included, [])
}
