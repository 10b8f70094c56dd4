import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { parseObjectId, type ObjectFormat, type ObjectId } from '../domain/source/revision.js';
import type { GitObject } from './cat-file.js';

/**
 * Writes objects as git itself does: one file each, named after its content, compressed, read-only, and on disk before
 * anything can name it. For a handful of small objects a process for each of them costs more than everything else.
 */
export class LooseObjects {
  constructor(
    readonly gitDir: string,
    readonly format: ObjectFormat,
  ) {}

  readonly #pending: Promise<void>[] = [];
  /** In the order of writing. */
  readonly written: GitObject[] = [];

  /** The id is known at once; the object is there when `flush` is done. */
  write(type: string, bytes: Uint8Array): ObjectId {
    const whole = Buffer.concat([Buffer.from(`${type} ${bytes.byteLength}\0`), bytes]);
    const id = parseObjectId(createHash(this.format).update(whole).digest('hex'));
    if (id === undefined) throw new Error('a hash is an object id');
    this.written.push({ id, type, bytes });
    const writing = this.#store(id, whole);
    // It is awaited in flush; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
    this.#pending.push(writing);
    return id;
  }

  /** Waits until everything that was written is on disk. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
  }

  async #store(id: ObjectId, whole: Buffer): Promise<void> {
    const folder = path.join(this.gitDir, 'objects', id.slice(0, 2));
    const file = path.join(folder, id.slice(2));
    if ((await stat(file).catch(() => undefined)) !== undefined) return;
    // Only this one: where the repository itself is away, nothing is made in its place.
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const temporary = path.join(folder, `tmp_obj_${randomUUID().slice(0, 8)}`);
    try {
      const handle = await open(temporary, 'wx', 0o444);
      try {
        await handle.writeFile(deflateSync(whole, { level: 1 }));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await chmod(temporary, 0o444);
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
