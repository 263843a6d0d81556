export { consent } from './consent/contract.ts'
export { GrantArgs, grant } from './consent/grant.ts'
export { ReplaceArgs, replace } from './consent/replace.ts'
export { RevokeArgs, revoke } from './consent/revoke.ts'
export { consents } from './consent/tables.ts'
export { acknowledge } from './disclosure/acknowledge.ts'
export { commitBatch } from './disclosure/commit-batch.ts'
export { disclosure } from './disclosure/contract.ts'
export { disclosures, receipts } from './disclosure/tables.ts'
export * from './kit.ts'
export { Action } from './membership/action-schema.ts'
export { membership } from './membership/contract.ts'
export { listMembers, listProposals, protocolInForce } from './membership/members.ts'
export { ProposeArgs, propose } from './membership/propose.ts'
export { keyRotationDigest, RotateKeyArgs, rotateKey } from './membership/rotate-key.ts'
export { SetEndpointArgs, setEndpoint } from './membership/set-endpoint.ts'
export { SetValidatorArgs, setValidator, validatorKeyDigest } from './membership/set-validator.ts'
export {
  count,
  handles,
  keys,
  members,
  type ProposalRow,
  type ProtocolRow,
  proposals,
  protocol,
  type ValidatorsRow,
  validatorKeys,
  validators,
} from './membership/tables.ts'
export { VoteArgs, vote } from './membership/vote.ts'
export { anchor } from './record/anchor.ts'
export { CloseFileArgs, closeFile } from './record/close-file.ts'
export { record } from './record/contract.ts'
export { OpenFileArgs, openFile } from './record/open-file.ts'
export { files } from './record/tables.ts'
export * from './registry.ts'
