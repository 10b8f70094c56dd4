import type { ObjectId, Revision } from '../domain/source/revision.js';
import {
  judgeSsh,
  NO_SIGNERS,
  parseSignedCommit,
  type Signature,
  type SignedCommit,
} from '../domain/trust/index.js';
import type { JobRepository } from '../ports/job-repository.js';
import type { Waiting } from '../ports/kv-store.js';
import type { SignatureOptions, Signatures } from '../ports/signatures.js';
import { orAbort } from '../runtime/abort.js';
import type { Log } from '../runtime/log.js';
import { openKeyRing, type KeyRing } from './gpg.js';
import { Signers, type SignersAt, type SignersPlace } from './signers.js';

/** Where commits can be had as the bytes that they are. */
export interface RawCommits {
  /** Undefined: there is no such commit. */
  commitBytes(id: ObjectId | Revision, waiting: Waiting): Promise<Uint8Array | undefined>;
}

export interface GitSignaturesOptions {
  /** The job repository, which holds the signers; and the commits. */
  repository: JobRepository & RawCommits;
  signers: SignersPlace;
  log: Log;
  /** Path of gpg. */
  gpg?: string;
}

/** Signatures of commits by SSH and GPG keys, judged by the signers that stand in the job repository. */
export function gitSignatures(options: GitSignaturesOptions): Signatures & { close(): Promise<void> } {
  const { repository, log } = options;
  const signers = new Signers(repository, options.signers, log);
  const rings = keyRings(options);

  const judge = async (
    commit: SignedCommit,
    { signersAt, at, signal }: SignatureOptions,
  ): Promise<Signature> => {
    const { kind } = commit;
    if (kind === 'none') return { kind, state: 'not-signed', reason: 'it is not signed' };
    if (kind === 'unknown')
      return { kind: 'none', state: 'bad', reason: 'what stands in the place of its signature is none' };
    if (kind === 'x509')
      return { kind, state: 'unsupported', reason: 'signatures by X.509 certificates are not judged' };
    const when = at ?? commit.committer.at;
    const found = await signers.at(signersAt, { signal });
    if (found === undefined)
      return {
        kind,
        state: 'unknown-signer',
        reason: `the revision ${signersAt} is not in the job repository`,
      };
    if (kind === 'gpg') return judgeGpg(commit, found, { at: when, signersAt, signal });
    const judged = judgeSsh(commit, found.ssh ?? NO_SIGNERS, when);
    if (judged.state !== 'unknown-signer' || found.ssh !== undefined) return judged;
    return { ...judged, reason: `${signersAt} has no file ${options.signers.file}` };
  };

  const judgeGpg = async (
    commit: SignedCommit,
    { gpg }: SignersAt,
    { at, signersAt, signal }: { at: number; signersAt: Revision; signal: AbortSignal },
  ): Promise<Signature> => {
    if (gpg === undefined)
      return {
        kind: 'gpg',
        state: 'unknown-signer',
        reason: `${signersAt} has no folder ${options.signers.keys}`,
      };
    const ring = await rings.of(gpg, signersAt, signal);
    return ring.verify(commit, { at, signal });
  };

  const parsed = async (id: ObjectId | Revision, waiting: Waiting): Promise<SignedCommit | Signature> => {
    const bytes = await repository.commitBytes(id, waiting);
    if (bytes === undefined) return { kind: 'none', state: 'bad', reason: `there is no commit ${id}` };
    return readCommit(bytes);
  };

  return {
    async check(id, checking) {
      const commit = await parsed(id, checking);
      return 'payload' in commit ? judge(commit, checking) : commit;
    },
    async checkBytes(bytes, checking) {
      const commit = readCommit(bytes);
      return 'payload' in commit ? judge(commit, checking) : commit;
    },
    async checkRevision(revision, waiting) {
      const commit = await parsed(revision, waiting);
      if (!('payload' in commit)) return commit;
      const [parent] = commit.parents;
      const signersAt = parent === undefined ? revision : (parent as string as Revision);
      return judge(commit, { ...waiting, signersAt });
    },
    close: () => rings.close(),
  };
}

function readCommit(bytes: Uint8Array): SignedCommit | Signature {
  const commit = parseSignedCommit(bytes);
  return 'reason' in commit
    ? { kind: 'none', state: 'bad', reason: `it is no commit: ${commit.reason}` }
    : commit;
}

/** Key rings by the tree of the folder that their keys are from: keys are imported once, not for each commit. */
function keyRings({ repository, signers, log, gpg }: GitSignaturesOptions) {
  const rings = new Map<ObjectId, Promise<KeyRing>>();
  const closing = new AbortController();
  const open = async (revision: Revision, signal: AbortSignal): Promise<KeyRing> => {
    const { entries } = await repository.readTree(revision, signers.keys, { signal });
    const wanted = entries.filter(({ path, mode }) => path.endsWith('.asc') && mode.startsWith('100'));
    const names = new Map(wanted.map(({ id, path }) => [id, path]));
    const files: { name: string; bytes: Uint8Array }[] = [];
    for await (const { id, bytes } of repository.readBlobs([...names.keys()], { signal }))
      files.push({ name: names.get(id) ?? '', bytes });
    return openKeyRing(files, {
      signal,
      ...(gpg === undefined ? {} : { program: gpg }),
      warn: (file, why) =>
        log.warn(
          { file: `${signers.keys}/${file}`, revision, why },
          'a GPG key of the signers counts for nothing',
        ),
    });
  };
  return {
    of: (tree: ObjectId, revision: Revision, signal: AbortSignal): Promise<KeyRing> => {
      const known = rings.get(tree);
      if (known !== undefined) return orAbort(known, signal);
      // Opened once for all who ask: that one of them gives up must not fail the others.
      const opening = open(revision, closing.signal);
      rings.set(tree, opening);
      opening.catch(() => rings.delete(tree));
      return orAbort(opening, signal);
    },
    close: async (): Promise<void> => {
      closing.abort(new DOMException('the signatures are closed', 'AbortError'));
      const all = [...rings.values()];
      rings.clear();
      for (const ring of await Promise.allSettled(all))
        if (ring.status === 'fulfilled') await ring.value.close();
    },
  };
}
