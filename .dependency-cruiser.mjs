/**
 * The arrows between the packages (ARCHITECTURE.md): what may import what. `tools/check.test.mjs` plants a violation of
 * every rule and sees it reported.
 */
const TESTS = '\\.(test|suite)\\.(ts|mjs)$|/test-[^/]+\\.ts$|^test/|^bench/|^packages/[^/]+/(test|src/testing)/'

/** The packages that each part may import, besides itself. What is missing here may import anything. */
const ARROWS = {
  'packages/core': [],
  'packages/contracts': ['core'],
  'packages/proof': ['core'],
  'packages/ledger': ['core', 'contracts', 'proof'],
  'packages/sdk': ['core', 'contracts', 'proof'],
  'packages/node': ['core', 'contracts', 'ledger', 'proof'],
  'apps/portal': ['core', 'contracts', 'proof', 'sdk'],
}

/** Files of the vault that reach no bodies: its interface, and what FHIR says about resources in general. */
const VAULT_OPEN =
  '^packages/node/src/vault/(vault|fhir-json|validate|definitions/.*|index/parameters|search/(request|parse))\\.ts$'

const arrows = Object.entries(ARROWS).map(([from, allowed]) => ({
  name: `arrow-${from.split('/')[1]}`,
  comment: `${from} may import ${allowed.join(', ') || 'no other package'} of this repository`,
  severity: 'error',
  from: { path: `^${from}/`, pathNot: TESTS },
  to: { path: '^(packages|apps|bench)/', pathNot: [`^${from}/`, ...allowed.map((name) => `^packages/${name}/`)] },
}))

export default {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'undeclared-dependency',
      comment: 'a package imports only what its own package.json declares, tests also what the root declares',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'sim-does-not-ship',
      comment: 'only benchmarks, tests and the demo command may import the simulator',
      severity: 'error',
      from: {
        path: '^(packages|apps)/',
        pathNot: [TESTS, '^packages/sim/', '^apps/cli/src/(commands/)?demo(/|\\.ts$)'],
      },
      to: { path: '^packages/sim/' },
    },
    {
      name: 'public-entry-only',
      comment: 'another package is reached through its index.ts',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/', pathNot: TESTS },
      to: { path: '^packages/[^/]+/src/', pathNot: ['^packages/$2/', '^packages/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'permits-are-minted-in-consent',
      comment: 'a permit opens the vault, and only the decision engine makes one',
      severity: 'error',
      from: { pathNot: [TESTS, '^packages/node/src/consent/'] },
      to: { path: '^packages/node/src/consent/mint\\.ts$' },
    },
    {
      name: 'bodies-stay-in-the-vault',
      comment:
        'only the composition in node.ts builds the vault; all else is handed its readers, which ask for a permit',
      severity: 'error',
      from: { pathNot: [TESTS, '^packages/node/src/(vault/|node\\.ts$)'] },
      to: { path: '^packages/node/src/vault/', pathNot: VAULT_OPEN, dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^apps/portal/dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'types', 'default'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
}
