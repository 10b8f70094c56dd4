import type { MergeRequest } from '../../src/domain/release/proposal.js';
import type { Waiting } from '../../src/ports/kv-store.js';
import type {
  MergeRequestBranches,
  MergeRequests,
  MergeRequestText,
} from '../../src/ports/merge-requests.js';
import { TowlineError } from '../../src/runtime/errors.js';

type Kept = MergeRequest & MergeRequestBranches;

/** A forge in memory: as GitHub, GitLab and Gitea do, it has one open request for a branch. */
export class MemoryMergeRequests implements MergeRequests {
  readonly all: Kept[] = [];
  calls: string[] = [];

  async find({ branch, target }: MergeRequestBranches, waiting: Waiting): Promise<MergeRequest[]> {
    this.#called('find', waiting);
    const mine = this.all.filter((each) => each.branch === branch && each.target === target);
    return mine.map(plain).reverse();
  }

  async create(
    { branch, target }: MergeRequestBranches,
    text: MergeRequestText,
    waiting: Waiting,
  ): Promise<MergeRequest> {
    this.#called('create', waiting);
    const is = (each: Kept): boolean =>
      each.state === 'open' && each.branch === branch && each.target === target;
    const open = this.all.find(is);
    if (open !== undefined) return plain(Object.assign(open, text));
    const id = this.all.length + 1;
    const url = `https://forge.example/${id}`;
    this.all.push({ id, url, state: 'open', branch, target, ...text });
    return { id, url, state: 'open', ...text };
  }

  async update(id: number, text: MergeRequestText, waiting: Waiting): Promise<MergeRequest> {
    this.#called('update', waiting);
    const one = this.all.find((each) => each.id === id);
    if (one === undefined) throw new TowlineError('forge-rejected', 'invalid', 'there is no such request');
    return plain(Object.assign(one, text));
  }

  #called(name: string, { signal }: Waiting): void {
    signal.throwIfAborted();
    this.calls.push(name);
  }
}

function plain({ id, url, state, title, body }: Kept): MergeRequest {
  return { id, url, state, title, body };
}
