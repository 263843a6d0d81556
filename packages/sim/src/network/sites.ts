/**
 * The sites of a run. `replicated`: each member on a machine of its own, with its replica of the ledger under the
 * simulated consensus. `embedded`: one machine with the embedded engine and all nodes, as `salus demo` runs them.
 */
import { join } from 'node:path'
import { isSalusError } from '@salus/core'
import { Application, type Ledger, openEmbeddedLedger, type Receipt, RULES, type Rules } from '@salus/ledger'
import type { LedgerModel } from '../model/ledger-model.ts'
import type { Platform } from '../platform/install.ts'
import type { SimulatedProcess } from '../platform/process.ts'
import { createRandom, type Random } from '../random.ts'
import { Consensus } from './consensus.ts'
import type { NetworkFiles } from './genesis.ts'
import { linkedLedger } from './linked-ledger.ts'
import { Replica } from './replica.ts'
import { Site } from './site.ts'

/** Faulty parts in the place of good ones. */
export interface NetworkPlants {
  /** Called before a ledger is opened, with its folder. */
  readonly beforeOpen?: (folder: string) => void
  /** The rules of replicas. */
  readonly rules?: (rules: Rules) => Rules
  /** The ledger as nodes are given it. */
  readonly ledger?: (ledger: Ledger) => Ledger
}

export interface SitesParts {
  readonly engine: 'embedded' | 'replicated'
  readonly platform: Platform
  readonly files: NetworkFiles
  readonly directory: string
  readonly plants: NetworkPlants
  readonly model: LedgerModel
  /** Runs a check; what it throws is what the run found. */
  readonly guard: (work: () => void) => void
  readonly onUncaught: (site: string, error: unknown) => void
}

/** A process whose ledger has failed is started again after this time. */
const OPERATOR_US = 2_000_000

/** Opens the sites; `ledgerFolders` are those of all ledgers. */
export function openSites(parts: SitesParts): { sites: readonly Site[]; ledgerFolders: readonly string[] } {
  const { engine, platform, files, directory, model, guard, plants, onUncaught } = parts
  const fork = (): Random => createRandom(platform.random.between(0, 0xffff_ffff))
  const consensus = new Consensus(platform.scheduler, platform.network, fork())
  const groups = engine === 'embedded' ? [files.members] : files.members.map((member) => [member])
  const ledgerFolders: string[] = []
  const sites = groups.map((members) => {
    const name = members.length === 1 ? members[0]!.handle : 'all'
    const folder = join(directory, 'ledgers', name)
    ledgerFolders.push(folder)
    const random = fork()
    return new Site({
      name,
      platform,
      random,
      members,
      genesisText: files.genesisText,
      openLedger: async (process) => {
        plants.beforeOpen?.(folder)
        return engine === 'embedded'
          ? openEmbedded(parts, folder)
          : openReplica(parts, { folder, consensus, process, random })
      },
      linkLedger: (ledger, process) => {
        const linked = engine === 'embedded' ? linkedLedger(ledger, platform.network) : ledger
        return witnessed(plants.ledger?.(linked) ?? linked, linked, {
          onReceipt: (receipt) => guard(() => model.acknowledged(receipt)),
          // What an operator does who watches the log.
          onFailed: () => platform.scheduler.after(OPERATOR_US, process, () => process.kill()),
        })
      },
      onLedger: (site, ledger) => {
        guard(() => model.opened(site, ledger))
        ledger.onBlock((block) => guard(() => model.committed(site, ledger, block)))
      },
      onNode: (ledger, node) => {
        if (ledger instanceof Replica) ledger.relays = () => node.relays()
      },
      onUncaught,
    })
  })
  return { sites, ledgerFolders }
}

function openEmbedded({ files }: SitesParts, directory: string): Promise<Ledger> {
  return openEmbeddedLedger({ directory, genesis: files.genesisText, engineKey: files.engineKey })
}

function openReplica(
  { files, plants, platform }: SitesParts,
  { folder, ...own }: { folder: string; consensus: Consensus; process: SimulatedProcess; random: Random },
): Ledger {
  const rules = plants.rules?.(RULES) ?? RULES
  const application = new Application({ directory: folder, genesis: files.genesisText, rules })
  const { scheduler, network } = platform
  return new Replica({ ...own, application, scheduler, network, engineKey: files.engineKey })
}

/** Who hears of what a ledger answers. */
interface Witness {
  readonly onReceipt: (receipt: Receipt) => void
  /** The ledger says that it must be opened again. */
  readonly onFailed: () => void
}

/** `ledger` with a witness; receipts that a plant made up are not the engine's. */
function witnessed(ledger: Ledger, engine: Ledger, { onReceipt, onFailed }: Witness): Ledger {
  const submit = async (wire: Uint8Array): Promise<Receipt> => {
    try {
      const receipt = await ledger.submit(wire)
      if (ledger === engine) onReceipt(receipt)
      return receipt
    } catch (error) {
      if (isSalusError(error) && error.code === 'ledger-failed') onFailed()
      throw error
    }
  }
  return {
    submit,
    get: (key) => ledger.get(key),
    proveState: (key) => ledger.proveState(key),
    proveEntry: (index) => ledger.proveEntry(index),
    checkpoint: () => ledger.checkpoint(),
    status: () => ledger.status(),
    tile: (path) => ledger.tile(path),
    onBlock: (listener) => ledger.onBlock(listener),
    block: (height) => ledger.block(height),
    close: () => ledger.close(),
  }
}
