import { oneLine } from '../../../../domain/source/one-line.js';
import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { TowlineError } from '../../../../runtime/errors.js';
import { redact } from '../../../../runtime/redact.js';
import type { Answer } from '../../../access/http-client.js';

const MOST_WORDS = 1000;

/** Marathon's own words: the message, and the details by path (reference: marathon.md §1.1). */
export function saying(json: Json | undefined): string | undefined {
  if (!isObject(json) || typeof json['message'] !== 'string') return undefined;
  const { message, details } = json;
  if (typeof details === 'string') return plain(`${message}: ${details}`);
  if (!Array.isArray(details)) return plain(message);
  const lines = details.filter(isObject).map((d) => {
    const errors = Array.isArray(d['errors']) ? d['errors'].filter((e) => typeof e === 'string') : [];
    return `${typeof d['path'] === 'string' ? d['path'] : '/'}: ${errors.join(', ')}`;
  });
  return plain(lines.length === 0 ? message : `${message}: ${lines.join('; ')}`);
}

/** What an answer says, for people, whatever it is made of. */
export function gist(answer: Answer): string {
  const words = saying(answer.json);
  if (words !== undefined) return `Marathon answered ${answer.status}: ${words}`;
  const page = plain(
    redact(answer.text)
      .slice(0, 4000)
      .replace(/<[^>]*>/g, ' '),
  ).slice(0, 120);
  const form = answer.json === undefined && page !== '' ? ' with a page that is not JSON' : '';
  return `Marathon answered ${answer.status}${form}${page === '' ? '' : `: ${page}`}`;
}

/** What an answer that can't be used means for the one who asked. */
export function unusable(answer: Answer, what: string): TowlineError {
  const { status, json } = answer;
  const message = `${gist(answer)} (${what})`;
  if (status === 401 || status === 403)
    return new TowlineError('marathon-denied', 'refused', message, {
      help: 'Check user, password or token of the scheduler.',
    });
  if (status >= 500 || status < 300 || status === 429 || json === undefined)
    return new TowlineError('marathon-unavailable', 'unavailable', message, {
      help: 'A proxy answers in its place, or it has no leader. Nothing was concluded from it.',
    });
  return new TowlineError('marathon-rejected', 'invalid', message, {
    help: 'This Marathon does not know the call; see docs/marathon.md for versions.',
  });
}

/** An answer that does not have the form of Marathon's API is never taken for an empty one. */
export function malformed(what: string): TowlineError {
  return new TowlineError(
    'marathon-malformed',
    'unavailable',
    `Marathon's answer about ${what} has not the form of its API`,
    { help: 'Something between here and Marathon answers in its place. Nothing was concluded from it.' },
  );
}

/** A list of objects, or an error. */
export function listOf(value: Json | undefined, what: string): JsonObject[] {
  if (!Array.isArray(value) || !value.every(isObject)) throw malformed(what);
  return value;
}

/** Text without control characters, in one line and of bounded length: it ends up on terminals. */
export function plain(text: string): string {
  // Before it is cut: half a secret would not be known as one.
  const line = oneLine(redact(text)).replace(/ {2,}/g, ' ');
  return line.length > MOST_WORDS ? `${line.slice(0, MOST_WORDS)}…` : line;
}
