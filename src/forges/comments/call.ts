import type { Json } from '../../domain/source/json.js';
import { sleep } from '../../runtime/abort.js';
import { kindOf, TowlineError } from '../../runtime/errors.js';
import { backoff } from '../../runtime/retry.js';
import {
  answerText,
  exchange,
  type ForgeAddress,
  type ForgeAnswer,
  type ForgeCall as Call,
} from '../exchange.js';

/** One merge request of a forge, and how it is reached. */
export interface ReviewAccess extends ForgeAddress {
  /** As the forge names it: `OWNER/NAME`, a path of groups, or a number. */
  project: string;
  /** Number of the merge request. */
  request: number;
  token: string;
  /** First pause before a call is repeated; default 1 s. */
  minMs?: number;
}

export interface ForgeCall extends Call {
  /** `GitHub`, for messages. */
  forge: string;
  headers: Record<string, string>;
}

const ATTEMPTS = 4;
const MOST_PAUSE_MS = 30_000;
const HELP = 'The plan itself was made and printed; only its comment could not be written.';

/**
 * Calls a forge and answers with what it says. Reads and replacements are repeated a few times where it is away or busy,
 * as late as it asks for; what creates something only where it surely was not done: else the caller has to look first.
 */
export async function callForge(
  access: ForgeAddress & Pick<ReviewAccess, 'minMs'>,
  call: ForgeCall,
): Promise<Json> {
  const dialect = { forge: call.forge, headers: call.headers, help: HELP };
  for (let attempt = 1; ; attempt++) {
    let pause = backoff(attempt, { minMs: access.minMs ?? 1000, maxMs: MOST_PAUSE_MS });
    let failure: TowlineError;
    let repeatable = call.method !== 'POST';
    try {
      const answer = await exchange(access, dialect, call);
      if (answer.status >= 200 && answer.status < 300) return accepted(answer, call.forge);
      failure = refusal(dialect, answer);
      pause = answer.retryAfterMs ?? pause;
      repeatable ||= answer.limited;
    } catch (error) {
      if (!(error instanceof TowlineError)) throw error;
      failure = error;
    }
    const again = kindOf(failure) === 'unavailable' && repeatable && attempt < ATTEMPTS;
    if (!again || pause > MOST_PAUSE_MS) throw failure;
    await sleep(pause, call.signal);
  }
}

function accepted({ value }: ForgeAnswer, forge: string): Json {
  if (value !== undefined) return value;
  throw new TowlineError('forge-rejected', 'invalid', `${forge} answered with no JSON`, {
    help: 'Check the address: something else answers in its place.',
  });
}

function refusal(dialect: { forge: string }, answer: ForgeAnswer): TowlineError {
  const text = answerText(dialect, answer);
  if (answer.notNow) return new TowlineError('forge-unavailable', 'unavailable', text, { help: HELP });
  if (answer.status === 401 || answer.status === 403)
    return new TowlineError('forge-denied', 'refused', text, {
      help: 'Check the token and its rights: it has to be allowed to write comments on that merge request.',
    });
  return new TowlineError('forge-rejected', 'invalid', text, {
    help: 'Check --forge-url, --project and --request, and that the token may see them.',
  });
}
