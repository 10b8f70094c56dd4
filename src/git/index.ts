export { gitStore, type GitStoreOptions } from './git-store.js';
export { isomorphicRepository, type IsomorphicOptions } from './isomorphic-repository.js';
export { gitNotes, type GitNotesOptions } from './notes.js';
