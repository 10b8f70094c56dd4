export { httpRegistry, type HttpRegistryOptions } from './registry.js';
