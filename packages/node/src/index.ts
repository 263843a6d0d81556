export { makeKeys, type NodeKeys, publicKeys, readKeys, writeKeys } from './keys.ts'
export { type NodeOptions, type RunningNode, startNode } from './node.ts'
