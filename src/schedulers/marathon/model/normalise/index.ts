export { normaliseApp } from './app.js';
export { normalisePod } from './pod.js';
export { normaliseGroup } from './group.js';
export { DIGEST_LABEL, OWNER_LABEL } from './values.js';
