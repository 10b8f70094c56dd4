export type { SecretRule } from './fields.js';
export { maskedPlaces, maskKey, type MaskKey } from './mask.js';
export { SecretMask, type SecretMaskOptions } from './secret-mask.js';
