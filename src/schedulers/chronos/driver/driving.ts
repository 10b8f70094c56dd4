import type { Clock } from '../../../ports/clock.js';
import type { ChronosClient } from './api/client.js';
import type { ChronosReading } from './reading.js';

/** What every step of the driver works with. */
export interface Driving {
  client: ChronosClient;
  reading: ChronosReading;
  clock: Clock;
  /** Pause between two looks, in ms. */
  pollMs: number;
}
