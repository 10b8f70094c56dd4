export type { Config, ConsulConfig, EnvironmentConfig, SchedulerConfig } from './config.js';
export { loadConfig, type ConfigSources } from './load.js';
export { configSchema } from './schema.js';
export { UNREAD } from './settings.js';
