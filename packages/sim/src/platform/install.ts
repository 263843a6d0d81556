/**
 * The platform under simulated processes: shipped code runs unchanged on clocks, timers, randomness, threads, files and
 * a network that follow from the seed. What runs outside of a simulated process, such as the simulator and the test
 * runner, sees the real platform.
 */
import { syncBuiltinESMExports } from 'node:module'
import { createRandom, type Random } from '../random.ts'
import { installDisk } from './disk.ts'
import { SimulatedNetwork } from './network.ts'
import { installRandomness } from './randomness.ts'
import { Scheduler } from './scheduler.ts'
import { installThreads } from './threads.ts'
import { installTime } from './time.ts'

export interface Platform {
  readonly scheduler: Scheduler
  readonly network: SimulatedNetwork
  readonly random: Random
  /** Gives the real platform back. */
  uninstall(): void
}

/** Puts a platform in place that follows from `seed`; one at a time. */
export function installPlatform(seed: number): Platform {
  const scheduler = new Scheduler()
  const random = createRandom(seed)
  // A generator for each part, so that a change in one does not move the draws of all others.
  const fork = (): Random => createRandom(random.between(0, 0xffff_ffff))
  const network = new SimulatedNetwork(scheduler, fork())
  const restore = [
    installTime(scheduler),
    installRandomness(scheduler, fork()),
    installDisk(scheduler, fork()),
    installThreads(scheduler, fork()),
    network.install(),
  ]
  syncBuiltinESMExports()
  return {
    scheduler,
    network,
    random,
    uninstall: () => {
      for (const undo of restore) undo()
      syncBuiltinESMExports()
    },
  }
}
