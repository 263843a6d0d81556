/** What goes wrong, drawn from the seed: crashes, disks, validators, clocks, and the weather of the network. */
import { Replica } from './network/replica.ts'
import type { Site } from './network/site.ts'
import type { DiskFault } from './platform/disk.ts'
import type { Platform } from './platform/install.ts'
import { CALM, type Weather } from './platform/network.ts'

const FAIR: Weather = { lost: 0.005, doubled: 0.05, late: 0.03, lateUsMax: 2_000_000 }
const WEATHERS: readonly Weather[] = [
  CALM,
  FAIR,
  FAIR,
  { lost: 0.03, doubled: 0.15, late: 0.1, lateUsMax: 8_000_000 },
  { lost: 0.1, doubled: 0.1, late: 0.2, lateUsMax: 30_000_000 },
]

const CLOCK_JUMP_US_MAX = 300_000_000
/** After this long at most somebody sets the clock right. */
const CLOCK_WRONG_US_MAX = 4_000_000
/** A fault of the disk strikes at one of the next writes. */
const WRITES_MAX = 30
const COMMITS_MAX = 4
const SEVERED_US_MAX = 8_000_000
const DISK_FULL_US_MAX = 10_000_000

export class Faults {
  readonly #platform: Platform
  readonly #sites: readonly Site[]
  /** How far the clock of any site was ever ahead. */
  clockAheadUsMax = 0
  readonly #offsets = new Map<Site, number>()

  constructor(platform: Platform, sites: readonly Site[]) {
    this.#platform = platform
    this.#sites = sites
  }

  /** One of them. */
  strike(): void {
    const { random, scheduler, network } = this.#platform
    const site = random.pick(this.#sites)
    const roll = random.next()
    if (roll < 0.25) {
      network.weather = random.pick(WEATHERS)
      scheduler.trace(`weather: ${network.weather.lost} lost`)
    } else if (roll < 0.45) {
      scheduler.trace(`${site.name}: killed`)
      site.process.kill()
    } else if (roll < 0.55 && site.ledger instanceof Replica) {
      const forUs = random.between(0, SEVERED_US_MAX)
      scheduler.trace(`${site.name}: validator down for ${Math.round(forUs / 1000)} ms`)
      site.ledger.sever(forUs)
    } else if (roll < 0.9) {
      const fault = this.#diskFault()
      scheduler.trace(`${site.name}: disk will ${fault.kind} in ${fault.countdown}${fault.commits ? ' commits' : ''}`)
      site.process.diskFault = fault
    } else {
      this.#jump(site, random.between(-CLOCK_JUMP_US_MAX, CLOCK_JUMP_US_MAX))
      scheduler.after(random.between(0, CLOCK_WRONG_US_MAX), null, () => this.#jump(site, 0))
    }
  }

  /** Ends all of them; clocks are right again. */
  end(): void {
    for (const site of this.#sites) {
      site.process.diskFault = null
      site.isHurried = true
      this.#jump(site, 0)
    }
  }

  #jump(site: Site, toUs: number): void {
    const { scheduler } = this.#platform
    const before = this.#offsets.get(site) ?? 0
    this.#offsets.set(site, toUs)
    this.clockAheadUsMax = Math.max(this.clockAheadUsMax, toUs)
    scheduler.trace(`${site.name}: clock ${Math.round(toUs / 1000)} ms off`)
    site.jumpClock(toUs - before)
  }

  #diskFault(): DiskFault {
    const { random, scheduler } = this.#platform
    const commits = random.chance(0.5)
    return {
      kind: random.pick(['crash-before', 'crash-after', 'full', 'persists']),
      commits,
      countdown: random.between(0, commits ? COMMITS_MAX : WRITES_MAX),
      untilUs: scheduler.nowUs + random.between(1, DISK_FULL_US_MAX),
    }
  }
}
