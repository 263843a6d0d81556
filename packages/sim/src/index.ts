/** Seeded randomness and synthetic patients, for the demo, for tests and for benchmarks. */
export { syntheticBundles } from './patients/synthetic-bundles.ts'
export { createRandom, type Random } from './random.ts'
