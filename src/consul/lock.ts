import Consul from 'consul';
import type { KvKey } from '../domain/source/kv-layout.js';
import type { Waiting } from '../ports/kv-store.js';
import type { HeldLock, Lock } from '../ports/lock.js';
import { sleep } from '../runtime/abort.js';
import { isAbort, messageOf, TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { isGone, self } from './holder.js';
import { ConsulHttp, type ConsulAccess } from './http.js';
import { consulKvStore, keyPath } from './kv-store.js';

export interface ConsulLockOptions extends ConsulAccess {
  log: Log;
  /** Time to live of a holder's session in seconds; Consul allows 10 to 86400 and takes up to twice as long. */
  ttlSeconds?: number;
}

/**
 * Locks by Consul sessions. What holds them together is not the lock but its guard: every transaction written under it
 * checks that the session still holds the key, so a holder that does not know yet that it lost can't write.
 */
export function consulLock(options: ConsulLockOptions): Lock & { close(): Promise<void> } {
  const { ttlSeconds = 15, log } = options;
  const http = new ConsulHttp(options);
  const kv = consulKvStore(options);
  const sessions = sessionApi(options);
  const held = new Set<HeldLock>();
  /** Sessions of our own that could not be ended when their lock was given up. */
  const abandoned = new Set<string>();

  const take = async (key: KvKey, signal: AbortSignal): Promise<HeldLock | undefined> => {
    for (const session of [...abandoned]) {
      await sessions.destroy(session);
      abandoned.delete(session);
    }
    const session = await sessions.create(`towline ${key}`, ttlSeconds, signal);
    try {
      const path = keyPath(key);
      const answer = await http.call({
        method: 'PUT',
        path,
        query: { acquire: session },
        body: JSON.stringify(self()),
        signal,
      });
      if (answer.body.toString('utf8').trim() === 'true') return holding(key, session);
    } catch (error) {
      await sessions.destroy(session).catch(() => undefined);
      throw error;
    }
    await sessions.destroy(session);
    return undefined;
  };

  const holding = (key: KvKey, session: string): HeldLock => {
    const lost = new AbortController();
    const stop = new AbortController();
    const lose = (why: string): void => {
      if (!stop.signal.aborted)
        lost.abort(new DOMException(`the lock ${key} was lost: ${why}`, 'AbortError'));
      stop.abort();
    };
    const lock: HeldLock = {
      key,
      session,
      lost: lost.signal,
      guard: () => ({ verb: 'check-session', key, session }),
      release: async () => {
        held.delete(lock);
        stop.abort();
        // Released first: a session that is destroyed while it holds a key leaves a lock-delay behind.
        const signal = AbortSignal.timeout(5000);
        abandoned.add(session);
        await http.call({ method: 'PUT', path: keyPath(key), query: { release: session }, signal });
        await sessions.destroy(session);
        abandoned.delete(session);
      },
    };
    held.add(lock);
    void renew(session, stop.signal, lose);
    void observe(key, session, stop.signal, lose);
    return lock;
  };

  /** Renews at a third of the time to live; gives up when the session can no longer be alive. */
  const renew = async (session: string, signal: AbortSignal, lose: (why: string) => void): Promise<void> => {
    let good = Date.now();
    let pauseMs = (ttlSeconds * 1000) / 3;
    while (!signal.aborted) {
      await sleep(pauseMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        if (!(await sessions.renew(session))) return lose('its session ended');
        good = Date.now();
        pauseMs = (ttlSeconds * 1000) / 3;
      } catch (error) {
        log.warn({ err: error, session }, 'the session could not be renewed');
        pauseMs = 1000;
        if (Date.now() - good > ttlSeconds * 1000)
          return lose(`its session could not be renewed: ${messageOf(error)}`);
      }
    }
  };

  /** Sees at once when somebody takes the lock away; an outage alone is not a loss, the renewal judges that. */
  const observe = async (
    key: KvKey,
    session: string,
    signal: AbortSignal,
    lose: (why: string) => void,
  ): Promise<void> => {
    let index = 0;
    while (!signal.aborted) {
      try {
        const seen = await kv.watch(key, { signal, index, waitMs: 60_000 });
        if (seen.value?.session !== session) return lose('another session holds it, or none');
        index = seen.index < index ? 0 : seen.index;
        await sleep(50, signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        await sleep(1000, signal).catch(() => undefined);
      }
    }
  };

  const tryAcquire = async (key: KvKey, { signal }: Waiting): Promise<HeldLock | undefined> => {
    const taken = await take(key, signal);
    if (taken !== undefined) return taken;
    const entry = await kv.get(key, { signal });
    if (entry?.session === undefined || !isGone(entry.value)) return undefined;
    log.info({ lock: key }, 'the holder died on this machine; ending its session');
    await sessions.destroy(entry.session);
    await sleep(50, signal);
    return take(key, signal);
  };

  return {
    tryAcquire,
    acquire: async (key, { signal }) => {
      for (;;) {
        const taken = await tryAcquire(key, { signal });
        if (taken !== undefined) return taken;
        const seen = await kv.watch(key, { signal, index: 0, waitMs: 1000 });
        if (seen.value?.session === undefined) await sleep(200, signal);
        else
          await Promise.race([
            kv.watch(key, { signal, index: seen.index, waitMs: 10_000 }),
            sleep(10_000, signal),
          ]);
      }
    },
    close: async () => {
      for (const lock of [...held])
        await lock
          .release()
          .catch((error: unknown) => log.warn({ err: error }, 'a lock could not be released'));
      await Promise.all([http.close(), kv.close()]);
    },
  };
}

interface SessionApi {
  create(name: string, ttlSeconds: number, signal: AbortSignal): Promise<string>;
  /** False where the session is gone. */
  renew(id: string): Promise<boolean>;
  destroy(id: string): Promise<void>;
}

/** Session calls go through the consul package; it knows no abort, so each has a short limit of its own. */
function sessionApi({ address, token, tls, datacenter }: ConsulAccess): SessionApi {
  const url = new URL(address);
  const secure = url.protocol === 'https:';
  const client = new Consul({
    host: url.hostname,
    port: Number(url.port === '' ? (secure ? 443 : 80) : url.port),
    secure,
    ...tls,
    defaults: {
      timeout: 10_000,
      ...(token === undefined ? {} : { token }),
      ...(datacenter === undefined ? {} : { dc: datacenter }),
    },
  } as ConstructorParameters<typeof Consul>[0]);
  const failed = (what: string, cause: unknown): TowlineError => {
    const status = (cause as { statusCode?: number }).statusCode;
    const denied = status === 403 || status === 401;
    return new TowlineError(
      denied ? 'consul-denied' : 'consul-unavailable',
      denied ? 'refused' : 'unavailable',
      `a session could not be ${what}: ${messageOf(cause)}`,
      {
        cause,
        help: denied
          ? 'The token needs session:write on the node.'
          : 'Check CONSUL_HTTP_ADDR and that Consul is up.',
      },
    );
  };
  return {
    async create(name, ttlSeconds, signal) {
      signal.throwIfAborted();
      try {
        const created = (await client.session.create({
          name,
          ttl: `${ttlSeconds}s`,
          behavior: 'release',
          lockdelay: '1ms',
        })) as { ID?: unknown };
        if (typeof created.ID === 'string') return created.ID;
      } catch (cause) {
        throw failed('created', cause);
      }
      throw failed('created', new Error('the answer names no session'));
    },
    async renew(id) {
      try {
        await client.session.renew(id);
        return true;
      } catch (cause) {
        if ((cause as { statusCode?: number }).statusCode === 404) return false;
        throw failed('renewed', cause);
      }
    },
    async destroy(id) {
      try {
        await client.session.destroy(id);
      } catch (cause) {
        throw failed('ended', cause);
      }
    },
  };
}
