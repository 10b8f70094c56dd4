import type { Brand } from '../source/brand.js';

/** A job's reference: `marathon:/shop/web`, `chronos:nightly-report`. */
export type JobRef = Brand<string, 'JobRef'>;
/** A scheduler's name in an environment, by default its kind: `marathon`, `chronos`. */
export type SchedulerName = string;

export function jobRef(scheduler: SchedulerName, id: string): JobRef {
  return `${scheduler}:${id}` as JobRef;
}

/** True where a person who says `marathon:/shop/web`, `/shop/web` or `shop/web` means this job. */
export function isCalled({ ref, id }: { ref: string; id: string }, name: string): boolean {
  return ref === name || id === name || id === `/${name}`;
}

export function parseJobRef(text: string): { scheduler: SchedulerName; id: string } | undefined {
  const match = /^([a-z][a-z0-9-]*):(.+)$/s.exec(text);
  return match ? { scheduler: match[1] ?? '', id: match[2] ?? '' } : undefined;
}
