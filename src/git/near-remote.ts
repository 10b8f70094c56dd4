import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Revision } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import { CatFile, type GitObject } from './cat-file.js';
import { LooseObjects } from './loose-objects.js';
import { openRepository } from './open.js';
import { RefUpdates } from './ref-updates.js';
import { git, type GitPlace, type OpenRepository } from './run.js';

/** Settings of this side with which a push goes elsewhere, or does more than to move one branch. */
const OURS = String.raw`^(url\..*\.(push)?insteadof|push\.(gpgsign|pushoption|followtags)|protocol\.(file\.)?allow)$`;
/** Settings of the other side with which it would look closer, refuse something or ask somebody. */
const THEIRS = String.raw`^(receive\..*|transfer\..*|fsck\..*|core\.(hookspath|alternaterefs.*))$`;
/** Whom a push asks there. `reference-transaction` is not among them: git asks it for every move of a branch. */
const HOOKS = ['pre-receive', 'update', 'proc-receive', 'post-receive', 'post-update'];
/** How long it is remembered what git's settings say. */
const REMEMBER_MS = 30_000;

/**
 * The repository of a `file://` remote where a push would ask nobody: a bare one of our own, without hooks and without
 * settings for what it receives. There a push of a commit comes to this: its objects are written, and the branch is
 * moved if it is still where it was. That is done here by itself, and costs a fraction of the seven processes of a push
 * (docs/decisions/0017-local-remotes.md).
 */
export class NearRemote {
  readonly objects: CatFile;
  readonly updates: RefUpdates;

  private constructor(
    readonly place: OpenRepository,
    readonly inode: number,
  ) {
    this.objects = new CatFile(place);
    this.updates = new RefUpdates(place);
  }

  static async open(folder: string, storeDir: string, waiting: Waiting): Promise<NearRemote | undefined> {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() !== true || found.uid !== process.getuid?.()) return undefined;
    const place = await openRepository({ location: folder, storeDir }, waiting);
    return place.bare && !place.shared && path.resolve(folder) === place.gitDir
      ? new NearRemote(place, found.ino)
      : undefined;
  }

  /** On disk, and on top of something that is there. False where that can't be done: git's own push then says why. */
  async store(objects: readonly GitObject[], parents: readonly Revision[]): Promise<boolean> {
    const found = await Promise.all(this.objects.askAll(parents.map((parent) => `${parent}^{commit}`)));
    if (found.some((parent) => parent?.type !== 'commit')) return false;
    const writer = new LooseObjects(this.place.gitDir, this.place.format);
    for (const { type, bytes } of objects) writer.write(type, bytes);
    return writer.flush().then(
      () => true,
      () => false,
    );
  }

  /** True while it is the folder that was opened, and without a hook. */
  async isAsItWas(): Promise<boolean> {
    const { gitDir } = this.place;
    const [folder, ...hooks] = await Promise.all(
      [gitDir, ...HOOKS.map((name) => path.join(gitDir, 'hooks', name))].map((file) =>
        stat(file).catch(() => undefined),
      ),
    );
    return folder?.ino === this.inode && hooks.every((hook) => hook === undefined);
  }

  close(): void {
    this.objects.close();
    this.updates.close();
  }
}

/** Finds out, for each push, whether a remote is such a one. */
export class NearRemotes {
  readonly #folder: string | undefined;
  #near: NearRemote | undefined;
  #askedAt = -Infinity;

  constructor(
    readonly place: OpenRepository,
    readonly storeDir: string,
  ) {
    this.#folder = folderOf(place.remote);
  }

  /** Undefined where git's own push is needed. */
  async find(waiting: Waiting): Promise<NearRemote | undefined> {
    if (this.#folder === undefined) return undefined;
    if (performance.now() - this.#askedAt > REMEMBER_MS) await this.#ask(this.#folder, waiting);
    if (this.#near === undefined || (await this.#near.isAsItWas())) return this.#near;
    this.close();
    return undefined;
  }

  close(): void {
    this.#near?.close();
    this.#near = undefined;
    this.#askedAt = -Infinity;
  }

  async #ask(folder: string, waiting: Waiting): Promise<void> {
    this.#near ??= await NearRemote.open(folder, this.storeDir, waiting);
    if (this.#near !== undefined) {
      const isPlain = await Promise.all([
        hasNone(this.place, OURS, waiting),
        hasNone(this.#near.place, THEIRS, waiting),
      ]);
      if (isPlain.includes(false) || this.#near.place.format !== this.place.format) this.close();
    }
    this.#askedAt = performance.now();
  }
}

async function hasNone(place: GitPlace, names: string, { signal }: Waiting): Promise<boolean> {
  const args = ['config', '--name-only', '--get-regexp', names];
  const { stdout } = await git(place, args, { signal, allow: [0, 1] });
  return stdout.byteLength === 0;
}

/** The folder that a `file://` address without a host names. */
function folderOf(remote: string | undefined): string | undefined {
  if (remote === undefined || !/^file:\/\/\//i.test(remote)) return undefined;
  try {
    return fileURLToPath(new URL(remote));
  } catch {
    return undefined;
  }
}
