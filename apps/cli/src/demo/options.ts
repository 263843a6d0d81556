/** How a demo network is started (docs/operating/demo.md). */
export interface DemoOptions {
  readonly directory: string
  readonly port: number
  readonly host: string
  readonly engine: 'embedded' | 'cometbft'
  readonly reset: boolean
  readonly bundles?: string | undefined
}

/** Members of a network that serve requests, and the ledger's figures for the status page. */
export interface RunningMembers {
  status(): Promise<{
    readonly height: number
    readonly logSize: number
    readonly stateKeys: number
    readonly logRoot: string
  }>
  close(): Promise<void>
}
