import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Json } from '../domain/source/json.js';
import type { ParsedStore, ParsedValues } from '../queries/declared.js';
import { PARSER } from './version.js';

/** Beyond this the next run is quicker without it, and somebody's home is not ours to fill. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * What faultless manifests say, by the id of their content, from one run to the next. It lies in the user's own cache
 * folder and never in the repository: who can commit must not be able to say what a file holds.
 */
export class ParseCache implements ParsedStore {
  readonly #file: string;
  readonly #before: ReadonlyMap<string, string>;
  readonly #now = new Map<string, string>();

  private constructor(file: string, before: ReadonlyMap<string, string>) {
    this.#file = file;
    this.#before = before;
  }

  /** `scope` tells repositories apart, so that one does not drop what another needs. A cache that can't be read is empty. */
  static async open(scope: string, env: Readonly<Record<string, string | undefined>>): Promise<ParseCache> {
    const home = env['XDG_CACHE_HOME'] ?? path.join(env['HOME'] ?? os.homedir(), '.cache');
    const name = scope.replace(/[^A-Za-z0-9.-]+/g, '_').slice(-100);
    const file = path.join(home, 'towline', `manifests-${name}`);
    return new ParseCache(file, await read(file));
  }

  get(id: string): ParsedValues | undefined {
    const line = this.#before.get(id);
    if (line === undefined) return undefined;
    try {
      const values = JSON.parse(line) as [number, Json][];
      this.#now.set(id, line);
      return values;
    } catch {
      return undefined;
    }
  }

  put(id: string, values: ParsedValues): void {
    this.#now.set(id, JSON.stringify(values));
  }

  /** Keeps what this run has used. What can't be written is made again next time. */
  async save(): Promise<void> {
    if (PARSER === undefined) return;
    const news = [...this.#now.keys()].some((id) => !this.#before.has(id));
    if (!news && this.#now.size * 2 > this.#before.size) return;
    const lines = [HEADER, ...[...this.#now].map(([id, line]) => `${id} ${line}`)];
    const text = `${lines.join('\n')}\n`;
    if (text.length > MOST_BYTES) return;
    const partial = `${this.#file}.${process.pid}`;
    try {
      await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      await writeFile(partial, text, { mode: 0o600 });
      await rename(partial, this.#file);
    } catch {
      // A full disk, a home that can't be written to: the result is the same without.
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }
}

/** Another version may read a file in another way. */
const HEADER = `towline manifests ${PARSER ?? ''}`;

async function read(file: string): Promise<Map<string, string>> {
  if (PARSER === undefined) return new Map();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return new Map();
  }
  const [header, ...lines] = text.split('\n');
  if (header !== HEADER || lines.pop() !== '') return new Map();
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}
