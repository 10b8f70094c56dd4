import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as isomorphic from 'isomorphic-git';
import { isAbort, messageOf, TowlineError } from '../../runtime/errors.js';
import { ownFolder } from '../../runtime/own-folder.js';
import { redact } from '../../runtime/redact.js';
import type { RemoteAccess } from '../remote-access.js';
import { gitHttp } from './http.js';

/** The copy of a remote that is reached over HTTP, as isomorphic-git makes it. */
export class HttpCopy {
  readonly gitdir: string;
  readonly #url: string;
  #running: Promise<void> | undefined;

  constructor(
    remote: string,
    storeDir: string,
    readonly access: RemoteAccess,
  ) {
    const name = createHash('sha256').update(`${remote}\nwithout git`).digest('hex').slice(0, 16);
    this.gitdir = path.join(storeDir, `${name}.git`);
    this.#url = remote;
  }

  /** As the remote is now or later. One at a time: who asks meanwhile gets the next one. */
  async bring(signal: AbortSignal): Promise<void> {
    const before = this.#running;
    const next = (async (): Promise<void> => {
      await before?.catch(() => undefined);
      await this.#fetch(signal);
    })();
    this.#running = next;
    await next;
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const { gitdir, access } = this;
    const { user = 'towline', token, timeoutMs, shallow } = access;
    try {
      await ownFolder(path.dirname(gitdir));
      if ((await stat(path.join(gitdir, 'HEAD')).catch(() => undefined)) === undefined)
        await isomorphic.init({ fs, gitdir, dir: gitdir, bare: true, defaultBranch: 'main' });
      const refspec = '+refs/heads/*:refs/remotes/origin/*';
      await isomorphic.setConfig({ fs, gitdir, path: 'remote.origin.fetch', value: refspec });
      await isomorphic.fetch({
        fs,
        gitdir,
        http: gitHttp(signal, timeoutMs),
        url: this.#url,
        remote: 'origin',
        tags: true,
        prune: true,
        pruneTags: true,
        ...(shallow ? { depth: 1 } : {}),
        ...(token === undefined ? {} : { onAuth: () => ({ username: user, password: token }) }),
        onAuthFailure: () => ({ cancel: true }),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TowlineError || isAbort(error)) throw error;
      throw failure(error);
    }
  }
}

function failure(cause: unknown): TowlineError {
  const status = cause instanceof isomorphic.Errors.HttpError ? cause.data.statusCode : undefined;
  const text = `the remote can't be copied: ${redact(messageOf(cause))}`;
  if (cause instanceof isomorphic.Errors.UserCanceledError || status === 401 || status === 403)
    return new TowlineError('git-denied', 'refused', text, {
      help: 'Check the credentials of the remote (repository.remote.token).',
      cause,
    });
  return new TowlineError('git-remote-away', 'unavailable', text, {
    help: 'Check the address of the job repository. Nothing is changed while it is away.',
    cause,
  });
}
