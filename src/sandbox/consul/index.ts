import path from 'node:path';
import type { Log } from '../../runtime/log.js';
import { jsonAnswer, serveHttp, type HttpAnswer, type HttpRequest } from '../http/server.js';
import { Journal } from '../store/journal.js';
import { Kv, type Entry, type KvRecord, type Operation, type Session } from './kv.js';

export interface ConsulPartOptions {
  dataDir: string;
  host: string;
  port: number;
  log: Log;
}

const VALUE_LIMIT = 524_288;
const MOST_OPERATIONS = 64;

/** Consul's KV, transactions, blocking queries and sessions over HTTP, kept on disk. */
export async function startConsulPart({
  dataDir,
  host,
  port,
  log,
}: ConsulPartOptions): Promise<{ url: string; close(): Promise<void> }> {
  const kv = new Kv();
  const journal = new Journal<KvRecord>(path.join(dataDir, 'consul.journal'));
  kv.restore(journal.load());
  const expiry = new Expiry(kv, () => void save());
  for (const session of kv.sessions.values()) expiry.watch(session);
  const save = async (): Promise<void> => {
    const changes = kv.takeChanges();
    if (changes.length > 0) await journal.append(changes, () => kv.whole());
  };
  let url = '';
  const http = await serveHttp({ host, port, bodyLimit: 8 * 1024 * 1024 }, async (request) => {
    const answer = await route(request, kv, expiry, () => new URL(url).host);
    // What is answered is on disk.
    await save();
    return answer;
  });
  url = http.url;
  log.debug({ url }, 'the sandbox serves Consul KV');
  return {
    url,
    close: async () => {
      expiry.close();
      await http.close();
      await save();
      await journal.close();
    },
  };
}

async function route(
  request: HttpRequest,
  kv: Kv,
  expiry: Expiry,
  address: () => string,
): Promise<HttpAnswer> {
  const { path: at } = request;
  if (at.startsWith('/v1/kv/')) return handleKv(request, kv);
  if (at === '/v1/kv') return { status: 400, body: 'Missing key name' };
  if (at === '/v1/txn') return request.method === 'PUT' ? transaction(request, kv) : { status: 405 };
  if (at.startsWith('/v1/session/')) return handleSession(request, kv, expiry);
  if (at === '/v1/status/leader') return jsonAnswer(200, address());
  if (at === '/v1/status/peers') return jsonAnswer(200, [address()]);
  if (at === '/v1/agent/self')
    return jsonAnswer(200, {
      Config: { Datacenter: 'sandbox', NodeName: 'sandbox', Version: '1.8.7', Server: true },
      Member: { Name: 'sandbox' },
    });
  return { status: 404 };
}

async function handleKv(request: HttpRequest, kv: Kv): Promise<HttpAnswer> {
  const { method, query, path: at } = request;
  const raw = at.slice('/v1/kv/'.length);
  if (raw.startsWith('/') || raw.includes('//'))
    return { status: 301, headers: { location: at.replace(/\/+/g, '/') } };
  const key = decode(raw);
  if (key === undefined || /[\u0000-\u001f\u007f\u00a0]/.test(key))
    return { status: 400, body: 'Bad Request' };
  if (method === 'GET') return readKv(request, kv, key);
  if (key === '') return { status: 400, body: 'Missing key name' };
  if (method === 'PUT') return writeKv(request, kv, key);
  if (method !== 'DELETE') return { status: 405 };
  const cas = query.get('cas');
  const operation: Operation = query.has('recurse')
    ? { Verb: 'delete-tree', Key: key }
    : cas === null
      ? { Verb: 'delete', Key: key }
      : { Verb: 'delete-cas', Key: key, Index: Number(cas) };
  return jsonAnswer(200, 'results' in kv.transaction([operation]));
}

async function readKv({ query, closed }: HttpRequest, kv: Kv, key: string): Promise<HttpAnswer> {
  if (query.has('stale') && query.has('consistent'))
    return { status: 400, body: 'Cannot specify ?stale with ?consistent, conflicting semantics.' };
  const many = query.has('recurse') || query.has('keys');
  const index = (): number => (many ? kv.indexBelow(key) : kv.indexOf(key));
  const asked = query.get('index');
  if (asked !== null) {
    const from = Math.max(1, Number(asked));
    const wait = Math.min(durationMs(query.get('wait') ?? '') ?? 300_000, 600_000);
    if (Number(asked) > 0) await kv.wait(() => index() > from, wait + Math.random() * (wait / 16), closed);
  }
  const headers = {
    'x-consul-index': String(index()),
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
  };
  const found = many ? kv.below(key) : [kv.entries.get(key)].filter((e): e is Entry => e !== undefined);
  if (found.length === 0) return { status: 404, headers };
  if (query.has('keys')) return jsonAnswer(200, names(found, key, query.get('separator')), headers);
  if (query.has('raw')) return { status: 200, headers, body: Buffer.from(found[0]?.Value ?? '', 'base64') };
  return jsonAnswer(200, found.map(wire), headers);
}

function names(found: readonly Entry[], prefix: string, separator: string | null): string[] {
  if (separator === null || separator === '') return found.map((e) => e.Key);
  return [
    ...new Set(
      found.map(({ Key }) => {
        const cut = Key.indexOf(separator, prefix.length);
        return cut < 0 ? Key : Key.slice(0, cut + separator.length);
      }),
    ),
  ];
}

function writeKv({ query, body }: HttpRequest, kv: Kv, key: string): HttpAnswer {
  if (body.byteLength > VALUE_LIMIT)
    return {
      status: 413,
      body: `Request body(${body.byteLength} bytes) too large, max size: ${VALUE_LIMIT} bytes. See https://www.consul.io/docs/agent/options.html#kv_max_value_size.`,
    };
  const flags = Number(query.get('flags') ?? 0);
  if (!Number.isInteger(flags) || flags < 0)
    return {
      status: 500,
      body: `strconv.ParseUint: parsing ${JSON.stringify(query.get('flags'))}: invalid syntax`,
    };
  const value = body.toString('base64');
  const [acquire, release, cas] = [query.get('acquire'), query.get('release'), query.get('cas')];
  if (acquire !== null) {
    const taken = kv.acquire(key, value, flags, acquire);
    return taken === undefined
      ? { status: 500, body: `invalid session ${JSON.stringify(acquire)}` }
      : jsonAnswer(200, taken);
  }
  if (release !== null) return jsonAnswer(200, kv.release(key, release));
  const operation: Operation = {
    Verb: cas === null ? 'set' : 'cas',
    Key: key,
    Value: value,
    Flags: flags,
    ...(cas === null ? {} : { Index: Number(cas) }),
  };
  return jsonAnswer(200, 'results' in kv.transaction([operation]));
}

function transaction({ body }: HttpRequest, kv: Kv): HttpAnswer {
  if (body.byteLength > VALUE_LIMIT)
    return {
      status: 413,
      body: `Request body(${body.byteLength} bytes) too large, max size: ${VALUE_LIMIT} bytes. See https://www.consul.io/docs/agent/options.html#txn_max_req_len.`,
    };
  let operations: { KV?: Operation }[];
  try {
    operations = JSON.parse(body.toString('utf8')) as { KV?: Operation }[];
  } catch (error) {
    return {
      status: 400,
      body: `Failed to parse body: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  if (operations.length > MOST_OPERATIONS)
    return {
      status: 413,
      body: `Transaction contains too many operations (${operations.length} > ${MOST_OPERATIONS})`,
    };
  const flat = operations.flatMap(({ KV }) => (KV === undefined ? [] : [{ ...KV, Value: KV.Value ?? '' }]));
  const empty = flat.findIndex((o) => o.Key === '');
  if (empty >= 0)
    return jsonAnswer(409, { Results: null, Errors: [{ OpIndex: empty, What: 'Must provide key' }] });
  const result = kv.transaction(flat);
  // A transaction that only reads is answered as a read, with what a read tells about its consistency.
  const reads = flat.every(({ Verb }) =>
    ['get', 'get-tree', 'check-index', 'check-session', 'check-not-exists'].includes(Verb),
  );
  const facts = reads ? { ConsistencyLevel: '', Index: 0, KnownLeader: true, LastContact: 0 } : {};
  return 'errors' in result
    ? jsonAnswer(409, { Results: null, Errors: result.errors, ...facts })
    : jsonAnswer(200, { Results: result.results.map((e) => ({ KV: wire(e) })), Errors: null, ...facts });
}

function handleSession({ method, path: at, body }: HttpRequest, kv: Kv, expiry: Expiry): HttpAnswer {
  const [, , , verb = '', id = ''] = at.split('/');
  const headers = { 'x-consul-index': String(kv.index) };
  if (verb === 'create' && method === 'PUT') return createSession(body, kv, expiry);
  if (verb === 'destroy' && method === 'PUT') {
    kv.endSession(id);
    return jsonAnswer(200, true);
  }
  if (verb === 'renew' && method === 'PUT') {
    const session = kv.sessions.get(id);
    if (session === undefined) return { status: 404, body: `Session id '${id}' not found` };
    expiry.watch(session);
    return jsonAnswer(200, [session]);
  }
  if (method !== 'GET') return { status: 405 };
  if (verb === 'info')
    return jsonAnswer(
      200,
      [kv.sessions.get(id)].filter((s) => s !== undefined),
      headers,
    );
  if (verb === 'list' || verb === 'node') return jsonAnswer(200, [...kv.sessions.values()], headers);
  return { status: 404 };
}

function createSession(body: Buffer, kv: Kv, expiry: Expiry): HttpAnswer {
  let given: Partial<{ Name: string; TTL: string; Behavior: string; LockDelay: string | number }> = {};
  if (body.byteLength > 0) {
    try {
      given = JSON.parse(body.toString('utf8')) as typeof given;
    } catch (error) {
      return {
        status: 400,
        body: `Request decode failed: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }
  const ttl = given.TTL === undefined || given.TTL === '' ? undefined : durationMs(given.TTL);
  if (given.TTL !== undefined && given.TTL !== '' && (ttl === undefined || ttl < 10_000 || ttl > 86_400_000))
    return {
      status: 500,
      body: `Session TTL '${given.TTL}' invalid: Invalid Session TTL, must be between [10s=24h0m0s]`,
    };
  const delay =
    given.LockDelay === undefined
      ? 15_000
      : typeof given.LockDelay === 'number'
        ? given.LockDelay < 1000
          ? given.LockDelay * 1000
          : given.LockDelay / 1e6
        : (durationMs(given.LockDelay) ?? 15_000);
  const session = kv.createSession({
    Name: given.Name ?? '',
    TTL: given.TTL ?? '',
    Behavior: given.Behavior === 'delete' ? 'delete' : 'release',
    LockDelay: delay * 1e6,
  });
  expiry.watch(session);
  return jsonAnswer(200, { ID: session.ID });
}

/** Ends sessions that nobody renewed. Consul takes up to twice the time to live, and so does this. */
class Expiry {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(
    readonly kv: Kv,
    readonly changed: () => void,
  ) {}

  watch({ ID, TTL }: Session): void {
    clearTimeout(this.#timers.get(ID));
    const ttl = durationMs(TTL);
    if (ttl === undefined) return;
    const timer = setTimeout(() => {
      this.kv.endSession(ID);
      this.changed();
    }, ttl * 2);
    timer.unref();
    this.#timers.set(ID, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

/** Go's durations: `10s`, `1m30s`, `500ms`. */
function durationMs(text: string): number | undefined {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((p) => p[0]).join('') !== text) return undefined;
  return parts.reduce((sum, [, number = '0', unit = 's']) => sum + Number(number) * (units[unit] ?? 0), 0);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function wire(entry: Entry): Entry {
  return { ...entry, Value: entry.Value === '' ? (null as unknown as string) : entry.Value };
}
