/** The replica in its folder, which a snapshot of another member may replace as a whole. */
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Application, type ApplicationOptions } from '../application.ts'

const FILE = 'ledger.sqlite'

export class Replica {
  readonly #options: ApplicationOptions
  #application: Application

  /** @throws SalusError those of {@link Application} */
  constructor(options: ApplicationOptions) {
    this.#options = options
    this.#application = new Application(options)
  }

  get application(): Application {
    return this.#application
  }

  get directory(): string {
    return this.#options.directory
  }

  /** Goes on with the ledger in `directory`, which is moved here. A crash on the way leaves an empty ledger or the new. */
  replace(directory: string): void {
    this.#application.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(this.directory, FILE + suffix), { force: true })
    renameSync(join(directory, FILE), join(this.directory, FILE))
    this.#application = new Application(this.#options)
  }
}
