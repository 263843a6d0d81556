/**
 * Changing the consensus key of a validator that runs. Once the ledger has taken the new key at height H, the old one
 * votes up to H + 1 and the new one from H + 2 on. CometBFT signs with one key, so it is started anew in between: after
 * block H + 1, when the validators of the coming block are those with the new key. Before that moment the old key is
 * still needed, and a validator without others would never get there; from it on the old key signs nothing, since
 * CometBFT votes only with a key that counts. Neither key ever signs from two places, and what was signed last
 * (`priv_validator_state.json`) stays, so that no height can be signed twice whatever is interrupted.
 */
import { fromBase64, toHex } from '@salus/core'
import { z } from 'zod'
import { ConsensusKeyFile } from './consensus-keys.ts'
import { enterConsensusKey, pathsOf } from './member-folder.ts'

const LOOK_MS = 500
const PAGE = 100

const Page = z.looseObject({
  result: z.looseObject({
    total: z.string(),
    validators: z.array(z.looseObject({ pub_key: z.looseObject({ value: z.string() }) })),
  }),
})

type LightCall = (call: unknown) => Promise<unknown>

/** Resolves when a change of the key has begun and the next key counts for the coming block. Never after `ended()`. */
export async function whenNextKeyCounts(
  keys: ConsensusKeyFile,
  lightCall: LightCall,
  ended: () => boolean,
): Promise<void> {
  while (!(await nextKeyCounts(keys, lightCall))) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref())
    if (ended()) await new Promise(() => undefined)
  }
}

async function nextKeyCounts(keys: ConsensusKeyFile, lightCall: LightCall): Promise<boolean> {
  const { nextPublicKey } = keys
  if (nextPublicKey === null) return false
  const next = toHex(nextPublicKey)
  for (let page = 1, seen = 0; ; page++) {
    // Without a height CometBFT tells the validators of the block that is being decided.
    const params = { page: String(page), per_page: String(PAGE) }
    const answer = Page.safeParse(await lightCall({ id: 1, method: 'validators', params }).catch(() => undefined))
    if (!answer.success) return false
    const { total, validators } = answer.data.result
    if (validators.some(({ pub_key }) => toHex(fromBase64(pub_key.value)) === next)) return true
    seen += validators.length
    if (seen >= Number(total) || validators.length === 0) return false
  }
}

/** The next key becomes the key, while CometBFT does not run. */
export function promoteConsensusKey(dir: string): void {
  const keys = ConsensusKeyFile.open(pathsOf(dir).consensusKeys)
  keys.promote()
  enterConsensusKey(dir, keys.publicKey.bytes)
}
