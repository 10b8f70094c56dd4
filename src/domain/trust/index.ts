export {
  NO_SIGNERS,
  parseAllowedSigners,
  principalsOf,
  type AllowedSigners,
  type NobodyReason,
  type WhoseKey,
} from './allowed-signers.js';
export { parseSignedCommit, type SignatureKind, type SignedCommit } from './signed-commit.js';
export { readSshKey, type SshKey } from './ssh-key.js';
export { GIT_NAMESPACE, parseSshSignature, verifySshSignature, type SshSignature } from './ssh-signature.js';
export { isWholeDeployment, signersAfter } from './whose-signers.js';
export { judgeSsh, type Signature, type SignatureState } from './signature.js';
