import { EmbeddedLedger } from './embedded.ts'
import { ledgerSuite } from './suite.ts'
import { ENGINE_KEY, TEST_RULES, testGenesis } from './test-rules.ts'

ledgerSuite('embedded', async (directory, clock) => {
  return new EmbeddedLedger({ directory, clock, genesis: testGenesis(), engineKey: ENGINE_KEY, rules: TEST_RULES })
})
