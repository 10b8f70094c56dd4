import { isObject, type JsonObject } from '../domain/source/json.js';
import { TowlineError } from '../runtime/errors.js';
import { answerText, exchange, type ForgeAddress } from './exchange.js';

/** How a forge is told of statuses. */
export interface ForgeAccess extends ForgeAddress {
  /** As the forge names it: `OWNER/NAME`, a path of groups, or a number. */
  project: string;
  token: string;
  /** Where the status leads to when it is clicked. */
  targetUrl?: string;
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

const HELP = 'The status is reported again; deploys do not wait for it.';

/** Posts a status to a forge. */
export async function postToForge(
  address: ForgeAddress,
  { forge, path, headers, body, isDone, signal }: ForgePost,
): Promise<void> {
  const dialect = { forge, headers, help: HELP };
  const answer = await exchange(address, dialect, { method: 'POST', path, body, signal });
  const { status, said, notNow, value } = answer;
  // A page that something else answers with is no status.
  if (status >= 200 && status < 300 && value !== undefined && isObject(value)) return;
  if (isDone?.(status, said) === true) return;
  const text = answerText(dialect, answer);
  if (notNow) throw new TowlineError('forge-unavailable', 'unavailable', text, { help: HELP });
  if (status === 401 || status === 403)
    throw new TowlineError('forge-denied', 'refused', text, {
      help: 'Check the token and its rights: it has to be allowed to write commit statuses.',
    });
  throw new TowlineError('forge-rejected', 'invalid', text, {
    help: 'Check url and project under statuses in towline.yaml, and that the revision is on that forge.',
  });
}
