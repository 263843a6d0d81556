/** JSON lines of the benchmarks: each with machine, runs and median. */
import { cpus, totalmem } from 'node:os'

const MACHINE = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Prints one figure: the median of `values` in `unit`, with the values themselves. */
export function report(
  name: string,
  unit: string,
  values: readonly number[],
  more: Record<string, unknown> = {},
): void {
  const rounded = values.map((value) => Number(value.toPrecision(4)))
  console.log(
    JSON.stringify({
      name,
      unit,
      median: Number(median(values).toPrecision(4)),
      runs: rounded,
      ...more,
      machine: MACHINE,
    }),
  )
}
