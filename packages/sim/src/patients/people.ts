/** Names, addresses and identifiers of people who do not exist. Telephone numbers are of the range kept for fiction. */
import type { Patient } from '@medplum/fhirtypes'
import type { Random } from '../random.ts'
import { hl7Concept } from './codes.ts'
import { date, type Person, yearsAgo } from './record.ts'

const FEMALE = [
  'Amara',
  'Elena',
  'Fatima',
  'Grace',
  'Ingrid',
  'Keiko',
  'Leilani',
  'Mei',
  'Nadia',
  'Priya',
  'Rosa',
  'Zofia',
]
const MALE = [
  'Ahmed',
  'Carlos',
  'Daniel',
  'Emeka',
  'Hiroshi',
  'Ivan',
  'Kofi',
  'Luca',
  'Mateo',
  'Noah',
  'Rajesh',
  'Tomasz',
]
const FAMILY = [
  'Adeyemi',
  'Alvarez',
  'Bianchi',
  'Cohen',
  'Haddad',
  'Johansson',
  'Kowalski',
  'Mensah',
  'Nguyen',
  'Okafor',
  'Patel',
  'Rossi',
  'Silva',
  'Tanaka',
  'Walker',
  'Yilmaz',
]
const STREETS = [
  'Alder Street',
  'Bridge Road',
  'Canal Lane',
  'Harbour Way',
  'Mill Road',
  'Orchard Avenue',
  'Station Street',
]
const TOWNS = [
  { city: 'Springfield', state: 'IL', postalCode: '62701' },
  { city: 'Fairview', state: 'OR', postalCode: '97024' },
  { city: 'Riverton', state: 'WY', postalCode: '82501' },
  { city: 'Georgetown', state: 'TX', postalCode: '78626' },
]

/** Systems of the example arc (RFC 9637 keeps `example.org` and urn:oid:2.16.840.1.113883.19 for such use). */
const MEDICAL_RECORD_SYSTEM = 'urn:oid:2.16.840.1.113883.19.5'

export interface GivenName {
  readonly given: string
  readonly family: string
}

export function drawName(random: Random, female: boolean): GivenName {
  return { given: random.pick(female ? FEMALE : MALE), family: random.pick(FAMILY) }
}

/** A patient of about `age` years at the end of the stories. */
export function drawPerson(random: Random, female: boolean, age: number): Person {
  const name = drawName(random, female)
  const bornMs = yearsAgo(age + random.next())
  const child = age < 18
  const town = random.pick(TOWNS)
  const [code, display] = random.chance(0.5) ? ['M', 'Married'] : ['S', 'Never Married']
  const maritalStatus = hl7Concept('v3-MaritalStatus', code, display)
  const patient: Patient = {
    resourceType: 'Patient',
    identifier: [
      {
        use: 'usual',
        type: hl7Concept('v2-0203', 'MR', 'Medical record number'),
        system: MEDICAL_RECORD_SYSTEM,
        value: `MR-${random.between(1_000_000, 9_999_999)}`,
      },
    ],
    active: true,
    name: [{ use: 'official', family: name.family, given: [name.given, random.pick(female ? FEMALE : MALE)] }],
    telecom: [
      { system: 'phone', value: `555-01${random.between(10, 99)}`, use: 'mobile' },
      { system: 'email', value: `${name.given}.${name.family}@example.org`.toLowerCase(), use: 'home' },
    ],
    gender: female ? 'female' : 'male',
    birthDate: date(bornMs),
    address: [{ use: 'home', line: [`${random.between(1, 240)} ${random.pick(STREETS)}`], ...town, country: 'US' }],
    communication: [
      {
        language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en-US', display: 'English (United States)' }] },
        preferred: true,
      },
    ],
    ...(child
      ? {
          contact: [
            {
              relationship: [hl7Concept('v3-RoleCode', 'MTH', 'mother')],
              name: { family: name.family, given: [random.pick(FEMALE)] },
              telecom: [{ system: 'phone', value: `555-01${random.between(10, 99)}`, use: 'mobile' }],
            },
          ],
        }
      : { maritalStatus }),
  }
  return { patient, female, bornMs }
}
