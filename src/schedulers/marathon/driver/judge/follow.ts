import type { Change } from '../../../../domain/plan/plan.js';
import type { EventHub } from '../api/hub.js';
import { current, type Sending } from '../current.js';
import { waitUntilGood, type Verdict, type Watched } from './index.js';

/** Follows a change until it is judged, woken by events. */
export function judge(
  { kind, id, restarts, startedAt, version }: Watched,
  sending: Sending,
  hub: EventHub,
): Promise<Verdict> {
  return hub.follow(id, sending.options.signal, (following) =>
    waitUntilGood({ kind, id, restarts, startedAt, version }, sending, following),
  );
}

/** False at the deadline. A group stays where it is: only its own attributes go. */
export async function waitUntilGone(
  { kind, id }: Pick<Change, 'kind' | 'id'>,
  sending: Sending,
  hub: EventHub,
): Promise<boolean> {
  if (kind === 'group') return true;
  const { clock, deadline, options } = sending;
  return hub.follow(id, options.signal, async ({ pause }) => {
    while ((await current(kind, id, sending)) !== undefined) {
      if (clock.now() >= deadline) return false;
      options.progress?.('its tasks are being stopped');
      await pause(Math.max(1, deadline - clock.now()));
    }
    return true;
  });
}
