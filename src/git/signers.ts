import { createHash } from 'node:crypto';
import { placeText } from '../domain/source/diagnostic.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import { parseAllowedSigners, type AllowedSigners } from '../domain/trust/index.js';
import type { JobRepository } from '../ports/job-repository.js';
import type { Waiting } from '../ports/kv-store.js';
import type { Log } from '../runtime/log.js';

/** Where the job repository names who counts. */
export interface SignersPlace {
  /** Path of a file of OpenSSH's form `allowed_signers`. */
  file: string;
  /** Path of a folder with public keys of GPG, `*.asc`. */
  keys: string;
}

/** The signers of one revision. */
export interface SignersAt {
  /** Undefined: the revision has no such file. */
  ssh: AllowedSigners | undefined;
  /** Tree of the folder of GPG keys; undefined: the revision has none. */
  gpg: ObjectId | undefined;
}

/** Revisions that are remembered at once. */
const MOST = 20_000;
/** Larger than any file of signers that people look after. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Reads signers as they stand at a revision; each content once, however many revisions have it. */
export class Signers {
  readonly #revisions = new Map<Revision, SignersAt>();
  readonly #files = new Map<string, AllowedSigners>();

  constructor(
    readonly repository: JobRepository,
    readonly place: SignersPlace,
    readonly log: Log,
  ) {}

  /** Undefined: there is no such revision. That is asked for again: it may come with the next fetch. */
  async at(revision: Revision, waiting: Waiting): Promise<SignersAt | undefined> {
    const known = this.#revisions.get(revision);
    if (known !== undefined) return known;
    const found = await this.#read(revision, waiting);
    if (this.#revisions.size >= MOST) this.#revisions.clear();
    if (found !== undefined) this.#revisions.set(revision, found);
    return found;
  }

  async #read(revision: Revision, waiting: Waiting): Promise<SignersAt | undefined> {
    const { file, keys } = this.place;
    const [tree, bytes, gpg] = await Promise.all([
      this.repository.treeId(revision, '', waiting),
      this.repository.readFile(revision, file, waiting),
      this.repository.treeId(revision, keys, waiting),
    ]);
    if (tree === undefined) return undefined;
    return { ssh: bytes === undefined ? undefined : this.#parsed(bytes, revision), gpg };
  }

  #parsed(bytes: Uint8Array, revision: Revision): AllowedSigners {
    const name = createHash('sha256').update(bytes).digest('hex');
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const { file } = this.place;
    const signers = parseAllowedSigners(file, bytes.subarray(0, MAX_BYTES));
    if (bytes.byteLength > MAX_BYTES)
      this.log.warn({ file, revision }, 'the file of signers is too long; its end was not read');
    for (const finding of signers.diagnostics)
      this.log.warn(
        { place: placeText(finding.place), revision, problem: finding.message },
        'a line of the signers is wrong',
      );
    this.#files.set(name, signers);
    return signers;
  }
}
