import type { Rule } from '../rule.js';
import { APP_ADVICE } from './advice.js';
import { CONTAINER_RULES } from './container.js';
import { EXTERNAL_VOLUME_RULES } from './external-volumes.js';
import { HEALTH_RULES } from './health.js';
import { APP_NETWORK_RULES } from './networks.js';
import { PORT_RULES } from './ports.js';
import { ROLLOUT_RULES } from './rollout.js';
import { SCHEDULING_RULES } from './scheduling.js';
import { SOURCE_RULES } from './sources.js';
import { VOLUME_RULES } from './volumes.js';

/** What Marathon refuses of an app beyond its schema (reference: marathon.md §3), and what it takes and then bites. */
export const APP_RULES: readonly Rule[] = [
  ...CONTAINER_RULES,
  ...PORT_RULES,
  ...APP_NETWORK_RULES,
  ...HEALTH_RULES,
  ...VOLUME_RULES,
  ...EXTERNAL_VOLUME_RULES,
  ...SCHEDULING_RULES,
  ...SOURCE_RULES,
  ...ROLLOUT_RULES,
  ...APP_ADVICE,
];
