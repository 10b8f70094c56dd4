import { createHash } from 'node:crypto';
import { imageRefText, parseImageRef } from '../domain/job/image-ref.js';
import { registryHost } from '../domain/job/registry-host.js';
import type { ImageRegistry, RegistryLogin, RegistryLogins } from '../ports/image-registry.js';
import type { Waiting } from '../ports/kv-store.js';
import { TowlineError } from '../runtime/errors.js';
import { retry } from '../runtime/retry.js';
import { authorize } from './authorize.js';
import { ask, headerOf, type Answer } from './http.js';

export interface HttpRegistryOptions {
  logins: RegistryLogins;
  /** Hosts that are asked without TLS. Those of this machine always are. */
  insecure?: readonly string[];
  /** For one request; 10 seconds without. */
  timeoutMs?: number;
  /** First pause before a registry that does not answer is asked again; half a second without. */
  pauseMs?: number;
}

/** What a manifest may be; without the lists a registry converts to the oldest kind, which has another digest. */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const MANIFEST_BYTES = 4 * 1024 * 1024;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const ATTEMPTS = 3;

interface Place {
  /** `https://registry.example.org:5000` */
  origin: string;
  host: string;
  repository: string;
  /** A tag, or a digest. */
  reference: string;
}

/** Registries by their HTTP API, version 2 (OCI distribution), with a login where they want one. */
export function httpRegistry({
  logins,
  insecure = [],
  timeoutMs = 10_000,
  pauseMs = 500,
}: HttpRegistryOptions): ImageRegistry {
  return {
    digest: (image, { signal }) => {
      const place = placeOf(image, insecure);
      return retry(() => digestAt(place, { logins, insecure, timeoutMs, signal }), {
        signal,
        attempts: ATTEMPTS,
        minMs: pauseMs,
        maxMs: pauseMs * 4,
      });
    },
  };
}

interface Access extends Waiting {
  logins: RegistryLogins;
  insecure: readonly string[];
  timeoutMs: number;
}

async function digestAt(place: Place, access: Access): Promise<string | undefined> {
  const head = await known(place, access, 'HEAD');
  if (head.answer.status === 404) return undefined;
  // Some registries do not know HEAD, or leave the digest out of its answer.
  const told = head.answer.status === 200 ? headerOf(head.answer, 'docker-content-digest') : undefined;
  if (told !== undefined) return valid(told, place);
  if (head.answer.status !== 200 && head.answer.status !== 405) throw refusal(place, head.answer);
  const { answer } = await known(place, access, 'GET', head.authorization);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusal(place, answer);
  const counted = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`;
  const said = headerOf(answer, 'docker-content-digest');
  if (said !== undefined && valid(said, place) !== counted)
    throw garbled(place, 'a digest that its manifest does not have');
  return counted;
}

/** Asks; where a login is wanted, once more with one. */
async function known(
  place: Place,
  access: Access,
  method: 'HEAD' | 'GET',
  before?: string,
): Promise<{ answer: Answer; authorization?: string }> {
  const url = `${place.origin}/v2/${place.repository}/manifests/${place.reference}`;
  const { timeoutMs, signal } = access;
  const send = (authorization: string | undefined): Promise<Answer> =>
    ask(url, {
      method,
      headers: { accept: MANIFESTS, ...(authorization === undefined ? {} : { authorization }) },
      limit: MANIFEST_BYTES,
      timeoutMs,
      signal,
    });
  const first = await send(before);
  if (first.status !== 401)
    return { answer: first, ...(before === undefined ? {} : { authorization: before }) };
  const login: RegistryLogin | undefined = await access.logins(place.host, { signal });
  const authorization = await authorize(headerOf(first, 'www-authenticate') ?? '', {
    ...access,
    login,
    host: place.host,
    repository: place.repository,
  });
  if (authorization === undefined) throw denied(place, 'it wants a login, and there is none');
  const answer = await send(authorization);
  if (answer.status === 401 || answer.status === 403)
    throw denied(place, login === undefined ? 'it wants a login, and there is none' : 'it refuses the login');
  return { answer, authorization };
}

function placeOf(image: string, insecure: readonly string[]): Place {
  const parsed = parseImageRef(image);
  const reference = parsed?.digest ?? parsed?.tag;
  if (parsed === undefined || reference === undefined)
    throw new TowlineError('image-invalid', 'invalid', `"${image}" is no image reference with a tag`, {
      help: 'Write it as NAME:TAG, for example shop/web:1.4.2; NAME may begin with a registry.',
    });
  const host = registryHost(parsed.name);
  if (host !== 'docker.io') {
    const repository = parsed.name.slice(host.length + 1);
    return { origin: `${schemeOf(host, insecure)}://${host}`, host, repository, reference };
  }
  const path = parsed.name.replace(/^(index\.)?docker\.io\//, '');
  const repository = path.includes('/') ? path : `library/${path}`;
  return { origin: 'https://registry-1.docker.io', host, repository, reference };
}

/** In plain only within this machine, or where somebody said so. */
export function schemeOf(host: string, insecure: readonly string[]): 'http' | 'https' {
  const name = host.replace(/:\d+$/, '');
  const own = name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
  return own || insecure.includes(host) ? 'http' : 'https';
}

function valid(digest: string, place: Place): string {
  if (DIGEST.test(digest)) return digest;
  throw garbled(place, 'something that is no digest');
}

function refusal(place: Place, { status, said }: Answer): TowlineError {
  const text = `the registry ${place.host} answered ${status} for ${textOf(place)}${said === '' ? '' : `: ${said}`}`;
  if (status === 401 || status === 403) return denied(place, said === '' ? `it answered ${status}` : said);
  if (status === 429 || status >= 500)
    return new TowlineError('registry-unavailable', 'unavailable', text, { help: 'Run this again later.' });
  return new TowlineError('registry-rejected', 'invalid', text, {
    help: 'Check the name of the image, and that a registry is what answers there.',
  });
}

function denied(place: Place, why: string): TowlineError {
  return new TowlineError(
    'registry-denied',
    'refused',
    `the registry ${place.host} does not show ${textOf(place)}: ${why}`,
    { help: `Log in with docker login ${place.host}, or let Docker's config.json name a credential helper.` },
  );
}

function garbled(place: Place, what: string): TowlineError {
  return new TowlineError('registry-garbled', 'refused', `the registry ${place.host} answered with ${what}`, {
    help: 'Check that a registry is what answers there; a proxy between may change its answers.',
  });
}

function textOf({ repository, reference }: Place): string {
  return imageRefText({
    name: repository,
    ...(reference.includes(':') ? { digest: reference } : { tag: reference }),
  });
}
