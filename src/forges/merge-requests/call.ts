import { sleep } from '../../runtime/abort.js';
import { TowlineError } from '../../runtime/errors.js';
import { backoff } from '../../runtime/retry.js';
import {
  answerText,
  exchange,
  type ForgeAddress,
  type ForgeAnswer as Answer,
  type ForgeCall as Call,
  type ForgeDialect,
} from '../exchange.js';

export type { Answer, Call };

/** How the project of a forge is reached. */
export interface ProjectAccess extends ForgeAddress {
  /** As the forge names it: `OWNER/NAME`, a path of groups, or a number. */
  project: string;
  token: string;
  /** Longest pause that a forge may ask for; above it the call fails. Default 30 s. */
  longestPauseMs?: number;
  /** First pause before a call is made again; default 500 ms. */
  pauseMs?: number;
}

export type Dialect = Pick<ForgeDialect, 'forge' | 'headers'>;

const ATTEMPTS = 3;
const HELP = 'It is tried again with the next pass.';

/**
 * Calls a forge, again where it does not answer, has too much to do or asks to wait: a few times, with pauses. All calls made
 * here may be made twice: a request that is there already is found instead of made. Throws `unavailable`, and `refused` for
 * a token without rights.
 */
export async function callForge(access: ProjectAccess, dialect: Dialect, call: Call): Promise<Answer> {
  const { longestPauseMs = 30_000, pauseMs = 500 } = access;
  for (let attempt = 1; ; attempt++) {
    const tried = await tryCall(access, dialect, call);
    if (!('error' in tried)) return tried;
    const pause = tried.waitMs ?? backoff(attempt, { minMs: pauseMs, maxMs: longestPauseMs });
    if (attempt >= ATTEMPTS || pause > longestPauseMs) throw tried.error;
    await sleep(pause, call.signal);
  }
}

interface NotNow {
  error: TowlineError;
  /** How long the forge asks to wait. */
  waitMs?: number;
}

async function tryCall(access: ProjectAccess, dialect: Dialect, call: Call): Promise<Answer | NotNow> {
  let answer: Answer;
  try {
    answer = await exchange({ timeoutMs: 15_000, ...access }, { ...dialect, help: HELP }, call);
  } catch (error) {
    if (error instanceof TowlineError) return { error };
    throw error;
  }
  const text = answerText(dialect, answer);
  const { status, notNow, retryAfterMs } = answer;
  if (notNow)
    return {
      error: new TowlineError('forge-unavailable', 'unavailable', text, { help: HELP }),
      ...(retryAfterMs === undefined ? {} : { waitMs: retryAfterMs }),
    };
  if (status === 401 || status === 403)
    throw new TowlineError('forge-denied', 'refused', text, {
      help: 'Check the token and its rights: it has to be allowed to read and write merge requests of the project.',
    });
  return answer;
}

/** What a forge does not take, or what is no answer of such a forge. */
export function rejected(dialect: Pick<Dialect, 'forge'>, answer: Answer): TowlineError {
  return new TowlineError('forge-rejected', 'invalid', answerText(dialect, answer), {
    help: 'Check url, project and branch under promote in towline.yaml, and that the token may see the project.',
  });
}
