import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** Records after which the file is written anew, when it holds many more than are still needed. */
const COMPACT_AFTER = 20_000;

/**
 * An append-only file of JSON records, each with a checksum. A batch is on disk when `append` answers; a tail that was
 * cut off by a crash is dropped at the next load. Compaction writes a new file and renames it into place.
 */
export class Journal<T> {
  #handle: FileHandle | undefined;
  #work: Promise<void> = Promise.resolve();
  #records = 0;

  constructor(readonly file: string) {
    mkdirSync(path.dirname(file), { recursive: true });
  }

  load(): T[] {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const records: T[] = [];
    for (const line of text.split('\n')) {
      const [sum, body] = [line.slice(0, 16), line.slice(17)];
      if (body === '' || checksum(body) !== sum) break;
      records.push(JSON.parse(body) as T);
    }
    this.#records = records.length;
    return records;
  }

  /** Appends a batch; `whole` gives everything that is still needed, for compaction. */
  append(records: readonly T[], whole: () => T[]): Promise<void> {
    this.#work = this.#work.then(async () => {
      this.#records += records.length;
      if (this.#handle === undefined || this.#records > COMPACT_AFTER) await this.#rewrite(whole());
      else {
        await this.#handle.appendFile(lines(records));
        await this.#handle.datasync();
      }
    });
    return this.#work;
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Also done at the first write, which gets rid of a torn tail. */
  async #rewrite(records: readonly T[]): Promise<void> {
    const fresh = `${this.file}.new`;
    const handle = await open(fresh, 'w');
    await handle.writeFile(lines(records));
    await handle.sync();
    await handle.close();
    await rename(fresh, this.file);
    await this.#handle?.close();
    this.#handle = await open(this.file, 'a');
    this.#records = records.length;
  }
}

function lines<T>(records: readonly T[]): string {
  return records
    .map((record) => {
      const body = JSON.stringify(record);
      return `${checksum(body)} ${body}\n`;
    })
    .join('');
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}
