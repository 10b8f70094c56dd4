import { imageRefText, parseImageRef } from '../job/image-ref.js';
import { isObject, type Json } from '../source/json.js';
import { releaseImage, type Release } from './release.js';

/**
 * A release as read from KV. A bare tag (or `tag@digest`, or a whole image reference) as value is understood too, for
 * build systems that only know `curl -X PUT`. KV is outside: the value must fit the key that it stands under.
 */
export function parseRelease(image: string, bytes: Uint8Array): { release: Release } | { reason: string } {
  const text = new TextDecoder().decode(bytes).trim();
  const release = text.startsWith('{') ? fromJson(text) : fromBareTag(image, text);
  if (typeof release === 'string') return { reason: release };
  if (release.image !== image) return { reason: `it names the image "${release.image}", its key "${image}"` };
  if (parseImageRef(imageRefText(releaseImage(release))) === undefined)
    return { reason: `"${release.tag}" is no tag, or "${release.image}" no image name` };
  return { release };
}

function fromJson(text: string): Release | string {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return 'it is not valid JSON';
  }
  if (!isObject(value)) return 'it is not a JSON object';
  const { image, tag, digest, sourceCommit, sourceRepository, sourceBranch, buildUrl, by, at } = value;
  if (typeof image !== 'string' || typeof tag !== 'string') return 'it has no "image" or no "tag"';
  return {
    image,
    tag,
    ...optional('digest', digest),
    ...optional('sourceCommit', sourceCommit),
    ...optional('sourceRepository', sourceRepository),
    ...optional('sourceBranch', sourceBranch),
    ...optional('buildUrl', buildUrl),
    by: typeof by === 'string' ? by : 'unknown',
    at: typeof at === 'string' ? at : '',
  };
}

function optional<K extends string>(name: K, value: Json | undefined): Partial<Record<K, string>> {
  return typeof value === 'string' && value !== '' ? ({ [name]: value } as Record<K, string>) : {};
}

function fromBareTag(image: string, text: string): Release | string {
  const parsed =
    text.includes('/') || text.startsWith(`${image}:`)
      ? parseImageRef(text)
      : parseImageRef(`${image}:${text}`);
  if (parsed?.tag === undefined) return `"${text.slice(0, 80)}" is neither a release in JSON nor a tag`;
  return {
    image: parsed.name,
    tag: parsed.tag,
    ...(parsed.digest === undefined ? {} : { digest: parsed.digest }),
    by: 'unknown',
    at: '',
  };
}

/** One line that names a release: `shop/web:1.2.3@sha256:…`. Stands in promotion commits as `Towline-Release`. */
export function releaseText(release: Release): string {
  return imageRefText(releaseImage(release));
}

/** True where a tag fits one of the patterns; `*` stands for any characters. */
export function tagMatches(tag: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${source}$`, 's').test(tag);
  });
}
