export type { ConsulAccess } from './http.js';
export { consulKvStore, type ConsulKvOptions } from './kv-store.js';
export { consulLock, type ConsulLockOptions } from './lock.js';
export { consulServices, type ServiceAddress } from './services.js';
