import { createHmac } from 'node:crypto';
import { branchOf, type PushEvent } from '../../domain/push/index.js';
import { parseRevision } from '../../domain/source/revision.js';
import type { BuildTrigger } from '../../ports/build-trigger.js';
import { messageOf, TowlineError } from '../../runtime/errors.js';
import { mirrorWorker, type MirrorResult } from '../../workers/mirror/index.js';
import type { Session } from '../compose.js';
import { writeLine, type Io } from '../io.js';
import { mirrorText } from '../mirror-passes.js';
import { UNREAD } from '../settings.js';
import { mirrorOptions } from '../worker-options.js';
import { openAt, type HookPlace, type HookSession } from './session.js';

/** Mirrors the environments of a pushed branch, in this process. */
export function mirrorTrigger(name: string, place: HookPlace): BuildTrigger {
  return {
    name,
    start: (event, { signal }) =>
      eachSession(event, { ...place, io: { ...place.io, signal } }, async (names, session) => {
        refuseUntrusted(session, place.io);
        await mirrorNow(names, session, { ...place.io, signal });
      }),
  };
}

/** Tells a running towline, which looks itself. It is a hint: when nobody answers, its next poll finds the push. */
export function notifyTrigger({
  name,
  url,
  secret,
  place,
}: {
  name: string;
  url: string;
  secret: string | undefined;
  place: HookPlace;
}): BuildTrigger {
  return {
    name,
    start: (event, { signal }) =>
      eachSession(event, { ...place, io: { ...place.io, signal } }, async (names) => {
        for (const environment of names) await tell(url, { environment, secret, event, signal });
      }),
  };
}

async function tell(
  url: string,
  {
    environment,
    secret,
    event,
    signal,
  }: { environment: string; secret: string | undefined; event: PushEvent; signal: AbortSignal },
): Promise<void> {
  const body = JSON.stringify({ environment });
  let status: number;
  try {
    const answer = await fetch(new URL(`${url.replace(/\/+$/, '')}/${encodeURIComponent(environment)}`), {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'x-towline-delivery': `${event.id}-${environment}`,
        ...(secret === undefined ? {} : { 'x-hub-signature-256': signatureOf(body, secret) }),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
    });
    await answer.body?.cancel();
    ({ status } = answer);
  } catch (cause) {
    signal.throwIfAborted();
    throw new TowlineError(
      'notify-unavailable',
      'unavailable',
      `${url} does not answer: ${messageOf(cause)}`,
      {
        help: 'The next poll of the running towline finds the push all the same.',
        cause,
      },
    );
  }
  if (status >= 200 && status < 300) return;
  throw new TowlineError('notify-refused', 'refused', `${url} answered ${status}`, {
    help: 'Check the address and the secret: TOWLINE_WEBHOOK_SECRET or server.webhookSecretFile, the same on both sides.',
  });
}

/** As GitHub signs; the server checks it over the raw body. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** For every branch of an event that is one of environments: their names, and the session that says so. */
async function eachSession(
  event: PushEvent,
  place: HookPlace,
  work: (names: string[], session: HookSession) => Promise<void>,
): Promise<string> {
  const done: string[] = [];
  for (const { name, commit } of event.refs) {
    const revision = commit === undefined ? undefined : parseRevision(commit);
    const branch = branchOf(name);
    if (revision === undefined || branch === undefined) continue;
    const session = await openAt(revision, place);
    if (session === undefined) continue;
    try {
      const names = environmentsOf(branch, session);
      if (names.length > 0) await work(names, session);
      done.push(...names);
    } finally {
      await session.close();
    }
  }
  return done.length === 0 ? 'nothing: no environment has it' : done.join(', ');
}

export function environmentsOf(branch: string, session: Session): string[] {
  return session.config.environments.filter((e) => e.branch === branch).map(({ name }) => name);
}

/**
 * A configuration that came with the push says what is deployed; it does not decide where secrets of this machine go, and
 * which of its files are secrets. Those stand in a configuration that is pinned on the server, or in its environment.
 */
export function refuseUntrusted({ config: { consul }, pushed }: HookSession, { env }: Io): void {
  if (!pushed) return;
  const named = consul.token === UNREAD;
  const sent = consul.token !== undefined || consul.auth !== undefined;
  const ownAddress = (env['CONSUL_HTTP_ADDR'] ?? '') !== '';
  if (!named && (!sent || ownAddress)) return;
  throw new TowlineError(
    'hook-unpinned',
    'refused',
    named
      ? "the pushed towline.yaml names a file for Consul's token, which a push may not"
      : "this machine's rights in Consul would be sent to an address that the push names",
    {
      help: 'Pin the configuration on the server: towline hook install REPO.git --towline-config FILE. Or give the hook CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN.',
    },
  );
}

export async function mirrorNow(names: readonly string[], session: Session, io: Io): Promise<void> {
  for (const environment of session.environments(names)) {
    const worker = mirrorWorker(await mirrorOptions(session, environment));
    const say = (result: MirrorResult): void =>
      writeLine(io.stderr, `towline: ${environment.name}: ${mirrorText(result)}`);
    // First what was pushed, which takes no longer in a large repository; then everything, where nobody waits for it.
    say(await worker.once({ signal: io.signal, trigger: 'hook', full: false }));
    const whole = await worker.once({ signal: io.signal, trigger: 'hook' });
    if (whole.kind === 'applied') say(whole);
  }
}
