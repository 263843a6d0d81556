/**
 * Patients who do not exist, as FHIR R4 transaction bundles. Each follows one of five stories; every value comes from
 * the seed, so the same seed gives the same bytes on every machine and day.
 */
import type { Bundle } from '@medplum/fhirtypes'
import { createRandom, type Random } from '../random.ts'
import { directoryBundle } from './directory.ts'
import { drawPerson } from './people.ts'
import { createRecord, type PatientRecord } from './record.ts'
import { asthma } from './stories/asthma.ts'
import { cardiac } from './stories/cardiac.ts'
import { diabetes } from './stories/diabetes.ts'
import { mentalHealth } from './stories/mental-health.ts'
import { pregnancy } from './stories/pregnancy.ts'

interface Story {
  readonly tell: (record: PatientRecord) => void
  readonly ageYears: readonly [low: number, high: number]
  readonly sex: 'female' | 'any'
}

const STORIES: readonly Story[] = [
  { tell: diabetes, ageYears: [48, 64], sex: 'any' },
  { tell: asthma, ageYears: [10, 11], sex: 'any' },
  { tell: pregnancy, ageYears: [33, 38], sex: 'female' },
  { tell: cardiac, ageYears: [72, 84], sex: 'any' },
  { tell: mentalHealth, ageYears: [29, 45], sex: 'any' },
]

/** Most patients that one call makes: some 200 MB of JSON. */
const COUNT_MAX = 1000

export interface SyntheticOptions {
  /** A whole number of which the low 32 bits count. */
  readonly seed?: number
  /** How many patients; the stories repeat after five. */
  readonly count?: number
}

/**
 * The bundle of the hospital and its practitioners, then one bundle for each patient. Load them in this order: records
 * name practitioners by conditional reference.
 */
export function syntheticBundles({ seed = 1, count = STORIES.length }: SyntheticOptions = {}): Bundle[] {
  if (!Number.isInteger(count) || count < 0 || count > COUNT_MAX) {
    throw new RangeError(`count must be a whole number from 0 to ${COUNT_MAX}`)
  }
  // Each patient draws from a generator of their own, so a larger count leaves the first ones as they were.
  const patients = Array.from({ length: count }, (_, index) =>
    tellStory(createRandom(seed + Math.imul(index + 1, 0x9e3779b1)), STORIES[index % STORIES.length]!),
  )
  return [directoryBundle(seed), ...patients]
}

function tellStory(random: Random, { tell, ageYears, sex }: Story): Bundle {
  const female = sex === 'female' || random.chance(0.5)
  const record = createRecord(random, drawPerson(random, female, random.between(...ageYears)))
  tell(record)
  return record.toBundle()
}
