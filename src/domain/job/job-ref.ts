import type { Brand } from '../source/brand.js';

/** A job's reference: `marathon:/shop/web`, `chronos:nightly-report`. */
export type JobRef = Brand<string, 'JobRef'>;
/** A scheduler's name in an environment, by default its kind: `marathon`, `chronos`. */
export type SchedulerName = string;

export function jobRef(scheduler: SchedulerName, id: string): JobRef {
  return `${scheduler}:${id}` as JobRef;
}

export function parseJobRef(text: string): { scheduler: SchedulerName; id: string } | undefined {
  const match = /^([a-z][a-z0-9-]*):(.+)$/s.exec(text);
  return match ? { scheduler: match[1] ?? '', id: match[2] ?? '' } : undefined;
}
