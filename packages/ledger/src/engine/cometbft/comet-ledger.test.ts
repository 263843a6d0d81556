import { ledgerSuite } from '../suite.ts'
import { TEST_RULES } from '../test-rules.ts'
import { CometLedger } from './comet-ledger.ts'
import { binaryForTests, cometGenesis, consensusSeed, nodeSeed } from './test-network.ts'

const binary = await binaryForTests()

if (binary !== undefined) {
  ledgerSuite(() => {
    const genesis = cometGenesis(1)
    return {
      name: 'CometBFT',
      genesis,
      clock: { now: Date.now, pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
      open: (directory) =>
        CometLedger.open({
          directory,
          genesis,
          rules: TEST_RULES,
          binary,
          consensusKey: consensusSeed(0),
          nodeKey: nodeSeed(0),
          listen: 'tcp://127.0.0.1:0',
          peers: [],
        }),
    }
  })
}
