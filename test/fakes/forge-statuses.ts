import type { RevisionState } from '../../src/domain/record/revision-verdict.js';
import { giteaBoard, githubBoard, gitlabBoard, type ForgeAccess } from '../../src/forges/index.js';
import type { StatusBoard } from '../../src/ports/revision-status.js';
import { LocalServer, sendJson, type Asked } from './local-server.js';

export const STATUS_TOKEN = 'canary-token-1234';

export interface ShownStatus {
  state: unknown;
  description: unknown;
}

/** A forge as far as statuses of commits go: what it keeps, and what it takes. */
export interface StatusForge {
  forge: string;
  make: (access: ForgeAccess) => StatusBoard;
  words: Record<RevisionState, string>;
  /** Where a commit's statuses are posted, with the name of one. */
  path: RegExp;
  nameIn: 'context' | 'name';
  /** What it says to a status that it does not take. */
  refuses(before: ShownStatus | undefined, now: ShownStatus): [status: number, message: string] | undefined;
}

export const STATUS_FORGES: StatusForge[] = [
  {
    forge: 'GitHub',
    make: githubBoard,
    words: { pending: 'pending', live: 'success', failed: 'failure', held: 'pending' },
    path: /^\/repos\/shop\/jobs\/statuses\/[0-9a-f]{40}$/,
    nameIn: 'context',
    refuses: (_before, { description }) =>
      [...String(description)].length > 140
        ? [422, 'Validation failed: Description is too long (maximum is 140 characters)']
        : undefined,
  },
  {
    forge: 'GitLab',
    make: gitlabBoard,
    words: { pending: 'running', live: 'success', failed: 'failed', held: 'pending' },
    path: /^\/api\/v4\/projects\/shop%2Fjobs\/statuses\/[0-9a-f]{40}$/,
    nameIn: 'name',
    // One that has ended is followed by another one; one that has not goes its way, and never back.
    refuses: (before, { state }) => {
      const from = String(before?.state);
      const event = state === 'pending' ? 'enqueue' : 'run';
      const stays = from === state && (state === 'pending' || state === 'running');
      return stays || (from === 'running' && state === 'pending')
        ? [400, `Cannot transition status via :${event} from :${from} (Reason(s): Status cannot transition)`]
        : undefined;
    },
  },
  {
    forge: 'Gitea',
    make: giteaBoard,
    words: { pending: 'pending', live: 'success', failed: 'failure', held: 'warning' },
    path: /^\/api\/v1\/repos\/shop\/jobs\/statuses\/[0-9a-f]{40}$/,
    nameIn: 'context',
    refuses: () => undefined,
  },
];

/** Keeps statuses as the forge does, newest of each name. */
export class StatusServer extends LocalServer {
  readonly #shown = new Map<unknown, ShownStatus>();

  constructor({ path, nameIn, refuses }: StatusForge) {
    super((response, { method, url, body }: Asked) => {
      const { [nameIn]: name, state, description } = body as Record<string, unknown>;
      if (method !== 'POST' || !path.test(url)) return sendJson(response, { message: 'Not Found' }, 404);
      const refusal = refuses(this.#shown.get(name), { state, description });
      if (refusal !== undefined) return sendJson(response, { message: refusal[1] }, refusal[0]);
      this.#shown.set(name, { state, description });
      return sendJson(response, { id: 1, status: state }, 201);
    });
  }

  shown(name: string): ShownStatus | undefined {
    return this.#shown.get(name);
  }
}
