import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';

/** A value kept in one file: replaced as a whole, so that a crash leaves the old one or the new one. */
export class StateFile<T> {
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly file: string,
    readonly read: () => T,
  ) {
    mkdirSync(path.dirname(file), { recursive: true });
  }

  load(): T | undefined {
    try {
      return JSON.parse(readFileSync(this.file, 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Saves soon; many changes at once cost one write. */
  changed(): void {
    this.#timer ??= setTimeout(() => void this.flush(), 30);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving = this.#saving.then(() => this.#write());
    await this.#saving;
  }

  async #write(): Promise<void> {
    const fresh = `${this.file}.new`;
    const handle = await open(fresh, 'w');
    try {
      await handle.writeFile(JSON.stringify(this.read()));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, this.file);
  }
}
