/** Loaded before a node (`--import`), sets the clock that its JavaScript sees ahead by `SALUS_TEST_CLOCK_MS`. */
const aheadMs = Number(process.env.SALUS_TEST_CLOCK_MS ?? 0)
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(RealDate.now() + aheadMs)
    else super(...(args as [number]))
  }

  static override now(): number {
    return RealDate.now() + aheadMs
  }
} as DateConstructor
