import type { Checkpoint, Genesis, Shape } from '@salus/core'

/** One kind of proof file: its shape, and what it claims once every link of its evidence holds. */
export interface Kind<File, Claim> {
  readonly shape: Shape<File>
  /** @throws SalusError with the code of the first link that does not hold */
  verify(file: File, genesis: Genesis): { readonly claim: Claim; readonly checkpoint: Checkpoint }
}
