import { createParser } from 'eventsource-parser';
import { Agent, request } from 'undici';
import { sleep } from '../../../runtime/abort.js';
import type { Log } from '../../../runtime/log.js';
import { backoff } from '../../../runtime/retry.js';
import type { MarathonClient } from './client.js';

/** A stream that says nothing for so long is taken for dead. */
const IDLE_MS = 120_000;

/**
 * Listens to `/v2/events` and calls `wake` at each one. Events have no replay and no order (reference: marathon.md
 * §1.3), so nothing is read from them: they only say that it is worth looking now. Polling goes on beside it.
 */
export async function listen(
  client: MarathonClient,
  wake: () => void,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<void> {
  const agent = new Agent({
    connections: 1,
    headersTimeout: 30_000,
    bodyTimeout: IDLE_MS,
    connect: { timeout: 5000 },
  });
  try {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const answer = await request(`${client.url}/v2/events?plan-format=light`, {
          dispatcher: agent,
          signal,
          headers: { accept: 'text/event-stream', ...client.headers() },
        });
        if (answer.statusCode !== 200) throw new Error(`the event stream answered ${answer.statusCode}`);
        const parser = createParser({ onEvent: wake });
        failures = 0;
        // Whatever happened while nobody listened is found by looking once.
        wake();
        for await (const chunk of answer.body) parser.feed((chunk as Buffer).toString('utf8'));
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ err: error }, 'the event stream ended; polling goes on');
      }
      await sleep(backoff(Math.min(failures + 1, 8), { minMs: 250, maxMs: 15_000 }), signal).catch(
        () => undefined,
      );
    }
  } finally {
    await agent.destroy();
  }
}
