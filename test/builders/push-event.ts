import { eventRef, type PushEvent } from '../../src/domain/push/index.js';

export const PUSHED_AT = '2026-01-01T00:00:00.000Z';

/** An event of a push of so many branches. */
export function pushEvent(id: string, refs = 1): PushEvent {
  const [from, to] = ['a'.repeat(40), 'b'.repeat(40)];
  const ref = (n: number): ReturnType<typeof eventRef> =>
    eventRef({ from, to, name: `refs/heads/ü/${n}` }, { commit: to, forced: true });
  const others = Array.from({ length: refs - 1 }, (_, n) => ref(n + 1));
  return { id: `event-${id}`, at: PUSHED_AT, repository: 'jobs', refs: [ref(0), ...others] };
}
