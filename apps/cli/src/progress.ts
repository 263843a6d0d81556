/** Progress bars on a terminal's standard error; elsewhere nothing, so that output stays plain. */
import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  increment(): void
  stop(): void
}

/** A bar over `total` steps. */
export function progress(label: string, total: number): Progress {
  if (!process.stderr.isTTY) return { increment: () => undefined, stop: () => undefined }
  const bar = new SingleBar(
    { format: `${label} {bar} {value}/{total}`, stream: process.stderr, clearOnComplete: true },
    Presets.shades_classic,
  )
  bar.start(total, 0)
  return { increment: () => bar.increment(), stop: () => bar.stop() }
}
