import { createParser } from 'eventsource-parser';
import { request, type Agent, type Dispatcher } from 'undici';
import { sleep } from '../../../../runtime/abort.js';
import type { Log } from '../../../../runtime/log.js';
import { backoff } from '../../../../runtime/retry.js';
import type { MarathonClient } from './client.js';

/** A stream that says nothing for so long is taken for dead. */
const IDLE_MS = 120_000;
/** A stream that ends sooner counts as a failure, or a broken proxy would be asked four times a second for ever. */
const SHORT_MS = 10_000;
const MOST_EVENT = 8 * 1024 * 1024;

/**
 * Listens to `/v2/events` until the signal fires, and calls `news` with the text of each event, and with undefined after
 * each connect: whatever happened while nobody listened is found by looking once. Events have no replay and no order
 * (reference: marathon.md §1.3), so nothing is concluded from them; polling goes on beside it. Never throws.
 */
export async function listen(
  client: MarathonClient,
  news: (text: string | undefined) => void,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<void> {
  const agent = client.streamAgent(IDLE_MS);
  try {
    for (let failures = 0; !signal.aborted;) {
      const startedAt = performance.now();
      try {
        await hear(client, agent, news, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ err: error }, 'the event stream ended; polling goes on');
      }
      failures = performance.now() - startedAt < SHORT_MS ? Math.min(failures + 1, 10) : 1;
      await sleep(backoff(failures, { minMs: 250, maxMs: 30_000 }), signal).catch(() => undefined);
    }
  } finally {
    await agent.destroy();
  }
}

async function hear(
  client: MarathonClient,
  agent: Agent,
  news: (text: string | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const answer = await open(
    client,
    `${await client.address(signal)}/v2/events?plan-format=light`,
    agent,
    signal,
  );
  if (answer.statusCode !== 200) {
    await answer.body.dump();
    throw new Error(`the event stream answered ${answer.statusCode}`);
  }
  const parser = createParser({ onEvent: ({ data }) => news(data), maxBufferSize: MOST_EVENT });
  const text = new TextDecoder();
  news(undefined);
  for await (const chunk of answer.body) parser.feed(text.decode(chunk as Buffer, { stream: true }));
}

/** A standby sends the listener on to its leader (reference: marathon.md §5); one hop, no credentials for strangers. */
async function open(
  client: MarathonClient,
  url: string,
  dispatcher: Agent,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const ask = async (at: string): Promise<Dispatcher.ResponseData> =>
    request(at, {
      dispatcher,
      signal,
      headers: { accept: 'text/event-stream', ...(await client.headers(at, signal)) },
    });
  const answer = await ask(url);
  const { location } = answer.headers;
  if (![301, 302, 307, 308].includes(answer.statusCode) || typeof location !== 'string') return answer;
  await answer.body.dump();
  const next = new URL(location, url);
  if (!/^https?:$/.test(next.protocol)) throw new Error('the event stream was redirected out of HTTP');
  return ask(next.href);
}
