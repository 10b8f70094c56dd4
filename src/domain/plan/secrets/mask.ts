import { createHash, createHmac } from 'node:crypto';
import {
  canonicalJson,
  isObject,
  segments,
  setOwn,
  type Json,
  type JsonObject,
  type Pointer,
} from '../../source/json.js';
import type { Part, Pattern } from './fields.js';

/** What stands for a secret: `secret:hmac-sha256:KEY:DIGEST`. Equal values have equal digests under the same key. */
const TOKEN = /secret:hmac-sha256:[0-9a-f]{8}:[0-9a-f]{32}/;
const TOKENS = new RegExp(TOKEN.source, 'g');
/** Archives are unpacked by the ending of their address, so that one is left. */
const ARCHIVE = '\\.(?:tar|tar\\.gz|tar\\.bz2|tar\\.xz|gz|tgz|tbz2|txz|zip)';
/** A whole text that was hidden. */
const WHOLE = new RegExp(`^(${TOKEN.source})(?:${ARCHIVE})?$`);
const ENDING = new RegExp(`^[a-z][a-z0-9+.-]*://[^/?#]+/[^?#]*?(${ARCHIVE})(?:[?#]|$)`, 'i');
/** Users with passwords in URLs; of HTTP, users too, which may be tokens. Those that are hidden already do not fit. */
const LOGIN = /(https?:\/\/|[a-z][a-z0-9+.-]*:\/\/(?=[^\s/@"']*:))(?!secret:hmac-)([^\s/@"']+)@/gi;

/** The key of the digests, with what names it. */
export interface MaskKey {
  id: string;
  secret: string;
}

/** Told of each value that is hidden, and of what stands for it. */
export type Hidden = (token: string, value: string) => void;

export function maskKey(secret: string): MaskKey {
  return { secret, id: createHash('sha256').update(secret).digest('hex').slice(0, 8) };
}

/** What stands for a value. */
export function maskOf(value: string, key: MaskKey): string {
  const digest = createHmac('sha256', key.secret).update(canonicalJson(value)).digest('hex');
  return `secret:hmac-sha256:${key.id}:${digest.slice(0, 32)}`;
}

export function isMasked(text: string): boolean {
  return WHOLE.test(text);
}

/**
 * A document with digests in the place of its secrets: every text at or below the places that the patterns name, and logins
 * in URLs wherever they stand. Numbers and truth values stay, and so does what is hidden already. The same object where
 * there is nothing to hide. The key is asked for only where it is needed.
 */
export function maskDocument(
  document: JsonObject,
  patterns: readonly Pattern[],
  { key, hidden = () => undefined }: { key: () => MaskKey; hidden?: Hidden },
): JsonObject {
  const masked = (value: string): string => {
    const token = maskOf(value, key());
    hidden(token, value);
    return token;
  };
  const whole = (text: string): string =>
    text === '' || isMasked(text) ? text : masked(text) + (ENDING.exec(text)?.[1]?.toLowerCase() ?? '');
  const logins = (text: string): string =>
    text.includes('@') && text.includes('://')
      ? text.replace(LOGIN, (_all, scheme: string, login: string) => `${scheme}${masked(login)}@`)
      : text;
  let result: Json = document;
  for (const pattern of patterns) result = atPlaces(result, pattern, 0, (value) => eachText(value, whole));
  const last = holds(result, '://') ? eachText(result, logins) : result;
  return isObject(last) ? last : document;
}

/** A document with the values back that `valueOf` knows. The same object where there is none. */
export function unmaskDocument<T extends Json>(
  document: T,
  valueOf: (token: string) => string | undefined,
): T {
  return eachText(document, (text) => {
    if (!text.includes('secret:hmac-')) return text;
    const [, token = ''] = WHOLE.exec(text) ?? [];
    return valueOf(token) ?? text.replace(TOKENS, (each) => valueOf(each) ?? each);
  }) as T;
}

/**
 * A document of old with digests under another key: these can't be compared, so the ones of `now` are taken in their
 * place. The same object where all digests are of the key.
 */
export function underKey<T extends Json>(document: T, now: Json | undefined, keyId: () => string): T {
  const walk = (old: Json, other: Json | undefined): Json => {
    if (typeof old === 'string') {
      const foreign = TOKEN.exec(old)?.[0].split(':')[2];
      return foreign !== undefined && typeof other === 'string' && TOKEN.test(other) && foreign !== keyId()
        ? other
        : old;
    }
    if (Array.isArray(old))
      return mapped(old, (item, at) => walk(item, Array.isArray(other) ? other[at] : undefined));
    if (!isObject(old)) return old;
    return mappedObject(old, (item, name) =>
      walk(item, isObject(other) && Object.hasOwn(other, name) ? other[name] : undefined),
    );
  };
  return walk(document, now) as T;
}

/** Names of the keys of all digests in a document. */
export function keysIn(value: Json): string[] {
  const keys = new Set<string>();
  if (holds(value, 'secret:hmac-'))
    eachText(value, (text) => {
      for (const [token] of text.matchAll(TOKENS)) keys.add(token.split(':')[2] ?? '');
      return text;
    });
  return [...keys];
}

/** Replaces what stands at a plain pointer, where something does. */
export function replacedAt(document: JsonObject, at: Pointer, replace: (text: string) => string): JsonObject {
  const parts = segments(at).map((name): Part => ({ name, fits: (other) => other === name }));
  const result = atPlaces(document, parts, 0, (value) => eachText(value, replace));
  return isObject(result) ? result : document;
}

/** Pointers of all texts that are hidden, in whole or in part. */
export function maskedPlaces(value: Json, at: readonly string[] = []): string[][] {
  if (typeof value === 'string') return TOKEN.test(value) ? [[...at]] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => maskedPlaces(inner, [...at, name]));
}

function atPlaces(value: Json, pattern: Pattern, depth: number, change: (value: Json) => Json): Json {
  const part = pattern[depth];
  if (part === undefined) return change(value);
  const inner = (item: Json): Json => atPlaces(item, pattern, depth + 1, change);
  if (Array.isArray(value))
    return mapped(value, (item, at) => (part.fits(String(at)) || isCalled(item, part) ? inner(item) : item));
  if (!isObject(value)) return value;
  if (part.name === undefined)
    return mappedObject(value, (item, name) => (part.fits(name) ? inner(item) : item));
  const member = Object.hasOwn(value, part.name) ? value[part.name] : undefined;
  if (member === undefined) return value;
  const { name: only } = part;
  const next = inner(member);
  return next === member ? value : mappedObject(value, (item, name) => (name === only ? next : item));
}

/** An entry of a list by its name, as Chronos and Docker list variables and parameters. */
function isCalled(item: Json, part: Part): boolean {
  if (!isObject(item)) return false;
  return ['name', 'key'].some((member) => {
    const name = Object.hasOwn(item, member) ? item[member] : undefined;
    return typeof name === 'string' && part.fits(name);
  });
}

/** Whether any text has this in it. Most documents have not, and there are thousands: nothing is made to find that out. */
function holds(value: Json, piece: string): boolean {
  if (typeof value === 'string') return value.includes(piece);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => holds(item, piece));
  for (const name in value) {
    const member = value[name];
    if (member !== undefined && holds(member, piece)) return true;
  }
  return false;
}

function eachText(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return mapped(value, (item) => eachText(item, change));
  return isObject(value) ? mappedObject(value, (item) => eachText(item, change)) : value;
}

function mapped(list: Json[], change: (item: Json, at: number) => Json): Json[] {
  let copy: Json[] | undefined;
  list.forEach((item, at) => {
    const next = change(item, at);
    if (next !== item) (copy ??= [...list])[at] = next;
  });
  return copy ?? list;
}

function mappedObject(object: JsonObject, change: (item: Json, name: string) => Json): JsonObject {
  let copy: JsonObject | undefined;
  for (const name of Object.keys(object)) {
    const item = object[name] ?? null;
    const next = change(item, name);
    if (next === item) continue;
    copy ??= Object.fromEntries(Object.entries(object));
    setOwn(copy, name, next);
  }
  return copy ?? object;
}
