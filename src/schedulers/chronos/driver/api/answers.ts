import { isObject } from '../../../../domain/source/json.js';
import { oneLine } from '../../../../domain/source/one-line.js';
import { TowlineError } from '../../../../runtime/errors.js';
import { redact } from '../../../../runtime/redact.js';
import type { Answer } from '../../../access/http-client.js';

const MOST_WORDS = 160;

/** First line of an error: messages are Java stack traces or HTML pages. */
export function said({ json, text }: Pick<Answer, 'json' | 'text'>): string {
  const message =
    isObject(json) && typeof json['message'] === 'string' ? json['message'] : text.replace(/<[^>]*>/g, ' ');
  return oneLine(redact(message).trim().split('\n')[0] ?? '')
    .replace(/\s+/g, ' ')
    .slice(0, MOST_WORDS);
}

/** What an answer that can't be used means for the one who asked. */
export function unusable(answer: Answer, what: string): TowlineError {
  const { status } = answer;
  const words = said(answer);
  const message = `Chronos answered ${status} to ${what}${words === '' ? '' : `: ${words}`}`;
  if (status === 401 || status === 403)
    return new TowlineError('chronos-denied', 'refused', message, {
      help: 'Check user and password of the scheduler.',
    });
  return new TowlineError('chronos-unavailable', 'unavailable', message, {
    help: 'It has no leader, or a proxy answers in its place. Nothing was concluded from it.',
  });
}

/** An answer that does not have the form of Chronos's API is never taken for an empty one. */
export function malformed(what: string): TowlineError {
  return new TowlineError(
    'chronos-malformed',
    'unavailable',
    `Chronos's answer about ${what} has not the form of its API`,
    { help: 'Something between here and Chronos answers in its place. Nothing was concluded from it.' },
  );
}

/** True where a 500 may come from a standby that lost its leader instead of from Chronos itself (reference: chronos.md §4). */
export function mayBeProxy({ status, text }: Answer): boolean {
  return (
    [502, 503, 504].includes(status) || (status === 500 && (text === '' || /error proxying/i.test(text)))
  );
}
