import { sleep } from './abort.js';

/** The machine's clock; satisfies the port `Clock`. */
export const systemClock = { now: (): number => Date.now(), sleep };
