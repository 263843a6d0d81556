export type { TokenOrder } from './auth/auth.ts'
export { issueToken } from './issue-token.ts'
export { makeKeys, type NodeKeys, publicKeys, readKeys, writeKeys } from './keys.ts'
export { type NodeOptions, type RunningNode, startNode } from './node.ts'
