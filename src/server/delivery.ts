import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';

/** Signatures with a time are good for so long: who kept a request must not send it again tomorrow. */
export const REPLAY_WINDOW_MS = 5 * 60_000;

/** What a webhook is about, as far as it says so. Only a hint: it decides who looks, and never what they find. */
export interface Hint {
  /** `ping`: somebody tries the address. `image`: a registry has something new. */
  kind: 'ping' | 'push' | 'image';
  /** Branches that were pushed; undefined: it does not say. */
  branches: string[] | undefined;
}

/** The id by which a request that comes twice is known; undefined where it has none. */
export function deliveryId(headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  const id = [
    'x-towline-delivery',
    'x-gitea-delivery',
    'x-github-delivery',
    'webhook-id',
    'idempotency-key',
    'x-gitlab-event-uuid',
    'x-request-uuid',
    'x-request-id',
  ]
    .map((name) => textOf(headers, name))
    .find((value) => value !== undefined && value !== '');
  // With what it says: an id alone, which nobody signs, must not keep another request from being heard.
  return id === undefined ? undefined : createHash('sha256').update(`${id}\n`).update(body).digest('hex');
}

/** Reads a body that was proved to be authentic. What can't be understood is a push of nobody knows what. */
export function hintOf(headers: IncomingHttpHeaders, body: Buffer): Hint {
  const event = ['x-gitea-event', 'x-github-event', 'x-gitlab-event', 'x-event-key', 'x-towline-event']
    .map((name) => textOf(headers, name))
    .find((value) => value !== undefined);
  if (event === 'ping' || event === 'diagnostics:ping') return { kind: 'ping', branches: undefined };
  const value = parsed(headers, body);
  if (!isObject(value)) return { kind: 'push', branches: undefined };
  if (event === undefined && isOfRegistry(value)) return { kind: 'image', branches: undefined };
  return { kind: 'push', branches: branchesOf(value) };
}

/** Docker's registry sends envelopes with `events`; Harbor a `type` such as PUSH_ARTIFACT. */
function isOfRegistry(value: JsonObject): boolean {
  const { events, type, event_data: data } = value;
  return (
    (Array.isArray(events) && events.some((each) => isObject(each) && isObject(each['target']))) ||
    (typeof type === 'string' && isObject(data))
  );
}

function parsed(headers: IncomingHttpHeaders, body: Buffer): Json | undefined {
  const text = body.toString('utf8');
  const isForm = (textOf(headers, 'content-type') ?? '').startsWith('application/x-www-form-urlencoded');
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text) as Json;
  } catch {
    return undefined;
  }
}

/** GitHub, GitLab and Gitea name one ref; Bitbucket lists changes, in its two ways; Towline lists refs. */
function branchesOf({ ref, refs, push, changes }: JsonObject): string[] | undefined {
  const listed = Array.isArray(refs) ? refs.map((each) => (isObject(each) ? each['ref'] : undefined)) : [];
  const cloud = isObject(push) && Array.isArray(push['changes']) ? push['changes'] : [];
  const server = Array.isArray(changes) ? changes : [];
  const names = [
    ...(listed.length > 0 ? listed : [ref]),
    ...server.map((change) => {
      if (!isObject(change)) return undefined;
      return change['refId'] ?? (isObject(change['ref']) ? change['ref']['id'] : undefined);
    }),
  ].filter((name) => typeof name === 'string');
  const branches = [
    ...names.filter((name) => name.startsWith('refs/heads/')).map((name) => name.slice('refs/heads/'.length)),
    ...cloud.flatMap((change) => {
      const state = isObject(change) ? (change['new'] ?? change['old']) : undefined;
      const { type, name } = isObject(state) ? state : {};
      return typeof name === 'string' && type === 'branch' ? [name] : [];
    }),
  ];
  return names.length + cloud.length === 0 ? undefined : branches;
}

/** GitLab's newest: `webhook-signature: v1,BASE64` over id, time and body. Undefined: it has none of it. */
export function timedSignature(
  headers: IncomingHttpHeaders,
  body: Buffer,
  { secret, now }: { secret: string; now: number },
): boolean | undefined {
  const given = textOf(headers, 'webhook-signature');
  if (given === undefined) return undefined;
  const [id, time] = [textOf(headers, 'webhook-id'), textOf(headers, 'webhook-timestamp')];
  if (id === undefined || time === undefined || !/^\d{1,12}$/.test(time)) return false;
  if (Math.abs(now - Number(time) * 1000) > REPLAY_WINDOW_MS) return false;
  // The secrets that it makes itself are bytes, written as base64 behind this word.
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;
  const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
  return given
    .split(' ')
    .some((each) => each.startsWith('v1,') && isSame(each.slice('v1,'.length), expected));
}

/** Compares in constant time; the digests hide the lengths. */
export function isSame(a: string, b: string): boolean {
  const hash = (value: string): Buffer => createHmac('sha256', 'compare').update(value).digest();
  return timingSafeEqual(hash(a), hash(b));
}

export function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Deliveries that were heard lately, bounded. */
export class Deliveries {
  readonly #seen = new Map<string, number>();

  constructor(
    readonly now: () => number,
    readonly windowMs = 10 * 60_000,
    readonly most = 10_000,
  ) {}

  /** True the first time. */
  isNew(id: string): boolean {
    const now = this.now();
    for (const [old, at] of this.#seen) {
      if (now - at < this.windowMs && this.#seen.size < this.most) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id)) return false;
    this.#seen.set(id, now);
    return true;
  }
}
