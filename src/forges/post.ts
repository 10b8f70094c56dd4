import { request } from 'undici';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import { oneLine } from '../domain/source/one-line.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';

/** How a forge is reached. */
export interface ForgeAccess {
  /** Of its API, without a slash at the end. */
  url: string;
  /** As the forge names it: `OWNER/NAME`, a path of groups, or a number. */
  project: string;
  token: string;
  /** Where the status leads to when it is clicked. */
  targetUrl?: string;
  /** Default 10 s. */
  timeoutMs?: number;
}

export interface ForgePost {
  /** `GitHub`, for messages. */
  forge: string;
  path: string;
  headers: Record<string, string>;
  body: JsonObject;
  /** True where a refusal means that there is nothing to do. */
  isDone?: (status: number, said: string) => boolean;
  signal: AbortSignal;
}

const MOST_BYTES = 64 * 1024;

/** Posts to a forge. Redirects are not followed: the token is for the configured address only. */
export async function postToForge(
  { url, timeoutMs = 10_000 }: Pick<ForgeAccess, 'url' | 'timeoutMs'>,
  { forge, path, headers, body, isDone, signal }: ForgePost,
): Promise<void> {
  let status: number;
  let said: string;
  try {
    const answer = await request(`${url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'towline',
        accept: 'application/json',
        ...headers,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    status = answer.statusCode;
    said = saidIn(await beginningOf(answer.body));
  } catch (cause) {
    signal.throwIfAborted();
    throw new TowlineError(
      'forge-unavailable',
      'unavailable',
      `${forge} does not answer: ${redact(messageOf(cause))}`,
      {
        help: 'The status is reported again; deploys do not wait for it.',
        cause,
      },
    );
  }
  if (status >= 200 && status < 300) return;
  if (isDone?.(status, said) === true) return;
  throw refusal(forge, status, said);
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > MOST_BYTES) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** The forge's own words, in one line; of a page in HTML there are none. */
function saidIn(text: string): string {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return 'it answered with no JSON';
  }
  if (!isObject(value)) return '';
  const words = value['message'] ?? value['error'] ?? '';
  const line = oneLine(typeof words === 'string' ? words : JSON.stringify(words));
  return redact(line).slice(0, 300);
}

function refusal(forge: string, status: number, said: string): TowlineError {
  const text = `${forge} answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 401 || status === 403)
    return new TowlineError('forge-denied', 'refused', text, {
      help: 'Check the token and its rights: it has to be allowed to write commit statuses.',
    });
  if (status === 429 || status >= 500)
    return new TowlineError('forge-unavailable', 'unavailable', text, {
      help: 'The status is reported again; deploys do not wait for it.',
    });
  return new TowlineError('forge-rejected', 'invalid', text, {
    help: 'Check url and project under statuses in towline.yaml, and that the revision is on that forge.',
  });
}
