import { request } from 'undici';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import { oneLine } from '../../domain/source/one-line.js';
import { sleep } from '../../runtime/abort.js';
import { kindOf, messageOf, TowlineError } from '../../runtime/errors.js';
import { redact } from '../../runtime/redact.js';
import { backoff } from '../../runtime/retry.js';

/** One merge request of a forge, and how it is reached. */
export interface ReviewAccess {
  /** Of its API, without a slash at the end. */
  url: string;
  /** As the forge names it: `OWNER/NAME`, a path of groups, or a number. */
  project: string;
  /** Number of the merge request. */
  request: number;
  token: string;
  /** For one answer; default 10 s. */
  timeoutMs?: number;
  /** First pause before a call is repeated; default 1 s. */
  minMs?: number;
}

export interface ForgeCall {
  /** `GitHub`, for messages. */
  forge: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  path: string;
  headers: Record<string, string>;
  body?: JsonObject;
  signal: AbortSignal;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  value: Json | undefined;
}

const ATTEMPTS = 4;
const MOST_PAUSE_MS = 30_000;
/** A page of long comments has some megabytes. */
const MOST_BYTES = 32 * 1024 * 1024;
const HELP = 'The plan itself was made and printed; only its comment could not be written.';

/**
 * Calls a forge and answers with what it says. Reads and replacements are repeated a few times where it is away or busy,
 * as late as it asks for; what creates something only where it surely was not
 * done: else the caller has to look first. Redirects are not followed: the
 * token is for the configured address only.
 */
export async function callForge(
  access: Pick<ReviewAccess, 'url' | 'timeoutMs' | 'minMs'>,
  call: ForgeCall,
): Promise<Json> {
  for (let attempt = 1; ; attempt++) {
    let pause = backoff(attempt, { minMs: access.minMs ?? 1000, maxMs: MOST_PAUSE_MS });
    let failure: TowlineError;
    let repeatable = call.method !== 'POST';
    try {
      const answer = await once(access, call);
      if (answer.status >= 200 && answer.status < 300) return accepted(answer, call.forge);
      failure = refusal(call.forge, answer);
      pause = retryAfterMs(answer) ?? pause;
      repeatable ||= isLimited(answer);
    } catch (error) {
      if (!(error instanceof TowlineError)) throw error;
      failure = error;
    }
    const again = kindOf(failure) === 'unavailable' && repeatable && attempt < ATTEMPTS;
    if (!again || pause > MOST_PAUSE_MS) throw failure;
    await sleep(pause, call.signal);
  }
}

async function once(
  { url, timeoutMs = 10_000 }: Pick<ReviewAccess, 'url' | 'timeoutMs'>,
  { forge, method, path, headers, body, signal }: ForgeCall,
): Promise<Answer> {
  try {
    const answer = await request(`${url}${path}`, {
      method,
      headers: {
        'user-agent': 'towline',
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return { status: answer.statusCode, headers: answer.headers, value: parsed(await textOf(answer.body)) };
  } catch (cause) {
    signal.throwIfAborted();
    const text = `${forge} does not answer: ${redact(messageOf(cause))}`;
    throw new TowlineError('forge-unavailable', 'unavailable', text, { help: HELP, cause });
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.byteLength;
    if (size > MOST_BYTES) throw new Error(`its answer has more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function accepted({ value }: Answer, forge: string): Json {
  if (value !== undefined) return value;
  throw new TowlineError('forge-rejected', 'invalid', `${forge} answered with no JSON`, {
    help: 'Check the address: something else answers in its place.',
  });
}

/** `Retry-After` in seconds or as a date; undefined where there is none. */
function retryAfterMs({ headers }: Answer): number | undefined {
  const given = headers['retry-after'];
  if (typeof given !== 'string') return undefined;
  const ms = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function refusal(forge: string, answer: Answer): TowlineError {
  const { status } = answer;
  const said = saidIn(answer.value);
  const text = `${forge} answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 500 || isLimited(answer))
    return new TowlineError('forge-unavailable', 'unavailable', text, { help: HELP });
  if (status === 401 || status === 403)
    return new TowlineError('forge-denied', 'refused', text, {
      help: 'Check the token and its rights: it has to be allowed to write comments on that merge request.',
    });
  return new TowlineError('forge-rejected', 'invalid', text, {
    help: 'Check --forge-url, --project and --request, and that the token may see them.',
  });
}

/** Too much was asked for, and nothing was done; GitHub says 403 to that as well. */
function isLimited({ status, headers }: Answer): boolean {
  if (status === 429) return true;
  return status === 403 && (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0');
}

/** The forge's own words, in one line; of a page in HTML there are none. */
function saidIn(value: Json | undefined): string {
  if (value === undefined || !isObject(value)) return '';
  const words = value['message'] ?? value['error'] ?? '';
  return redact(oneLine(typeof words === 'string' ? words : JSON.stringify(words))).slice(0, 300);
}
