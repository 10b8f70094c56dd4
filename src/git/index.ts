export { bundleWriter, unpackBundle } from './bundle.js';
export { commitWalk } from './commit-walk.js';
export { gitStore, type GitStoreOptions } from './git-store.js';
export { gitSignatures, type GitSignaturesOptions, type RawCommits } from './signatures.js';
export { gitNotes, type GitNotesOptions } from './notes.js';
export { pushedCommits } from './pushed-commits.js';
