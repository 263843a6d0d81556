import { hash, id, MemoryLedger, testKey } from '../../test/memory-ledger.ts'
import { testVectors } from '../../test/vectors.ts'
import { consent } from '../index.ts'

const controller = testKey('controller')

testVectors(consent, new MemoryLedger(), [
  {
    signer: controller,
    command: 'grant',
    value: { consentId: id('a'), commitment: hash('a'), expiresAtMs: 1_800_000_000_000 },
    args:
      '8350ca978112ca1bbdcafac231b39a23dc4d5820ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee' +
      '48bb1b000001a3185c5000',
    rows: {
      '8367636f6e73656e7467636f6e73656e7450ca978112ca1bbdcafac231b39a23dc4d':
        '875820ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb8267656432353531395820c69b645e' +
        '50c5e8caa3ed2ca128eb5e8ef97ee01eba7054fae926117364e94f2f666163746976651b0000018bcfe56be81b000001a318' +
        '5c5000f6f6',
    },
  },
  {
    signer: controller,
    command: 'replace',
    value: { consentId: id('a'), newConsentId: id('b'), commitment: hash('b'), expiresAtMs: null },
    args:
      '8450ca978112ca1bbdcafac231b39a23dc4d503e23e8160039594a33894f6564e1b13458203e23e8160039594a33894f6564' +
      'e1b1348bbd7a0088d42c4acb73eeaed59c009df6',
    rows: {
      '8367636f6e73656e7467636f6e73656e74503e23e8160039594a33894f6564e1b134':
        '8758203e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d8267656432353531395820c69b645e' +
        '50c5e8caa3ed2ca128eb5e8ef97ee01eba7054fae926117364e94f2f666163746976651b0000018bcfe56fd0f6f6f6',
      '8367636f6e73656e7467636f6e73656e7450ca978112ca1bbdcafac231b39a23dc4d':
        '875820ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb8267656432353531395820c69b645e' +
        '50c5e8caa3ed2ca128eb5e8ef97ee01eba7054fae926117364e94f2f687265706c616365641b0000018bcfe56be81b000001' +
        'a3185c50001b0000018bcfe56fd0503e23e8160039594a33894f6564e1b134',
    },
  },
  {
    signer: controller,
    command: 'revoke',
    value: { consentId: id('b') },
    args: '81503e23e8160039594a33894f6564e1b134',
    rows: {
      '8367636f6e73656e7467636f6e73656e74503e23e8160039594a33894f6564e1b134':
        '8758203e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d8267656432353531395820c69b645e' +
        '50c5e8caa3ed2ca128eb5e8ef97ee01eba7054fae926117364e94f2f677265766f6b65641b0000018bcfe56fd0f61b000001' +
        '8bcfe573b8f6',
    },
  },
])
