import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerEntry } from '../domain/record/ledger-entry.js';
import type { Before } from '../domain/record/rebase.js';
import { digest } from '../domain/source/digest.js';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import { TowlineError } from '../runtime/errors.js';
import { parseState } from '../domain/record/ledger-files.js';

/** An entry that could not be appended when it was due. */
export interface Journalled {
  /** Stands for the commit that it is going to be. */
  id: ObjectId;
  file: string;
  /** The commit of the ledger that was known then. */
  base: ObjectId;
  before: Before;
  entry: LedgerEntry;
}

/** The entries of an environment that wait for their ledger, one file each, in order. */
export class JournalFiles {
  constructor(
    readonly folder: string,
    readonly environment: string,
  ) {}

  /** In order. Throws for one that is not exactly what was written: what happened must not be passed over. */
  async read(): Promise<Journalled[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    // A name with a dot before it is one whose writing was cut off: nobody was told that it stands.
    const files = names.filter((name) => !name.startsWith('.')).sort();
    return Promise.all(files.map((name) => this.#one(name)));
  }

  /** On disk, also after a power cut, when this answers. */
  async add(what: Pick<Journalled, 'base' | 'before' | 'entry'>): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const body = what as unknown as Json;
    const last = (await this.read()).at(-1);
    const number = last === undefined ? 1 : Number(path.basename(last.file, '.json')) + 1;
    const name = `${String(number).padStart(6, '0')}.json`;
    const fresh = path.join(this.folder, `.${name}`);
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ version: 1, digest: digest(body), body }, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, path.join(this.folder, name));
    await this.#settle();
  }

  async remove({ file }: Pick<Journalled, 'file'>): Promise<void> {
    await rm(file, { force: true });
    await this.#settle();
  }

  async #one(name: string): Promise<Journalled> {
    const file = path.join(this.folder, name);
    if (!/^\d{6,}\.json$/.test(name)) throw damaged(file, 'its name is no number');
    const value = parsed(await readFile(file, 'utf8'));
    if (!isObject(value) || value['version'] !== 1) throw damaged(file, 'it is no entry of a journal');
    const { body, digest: said } = value;
    if (!isObject(body) || digest(body) !== said) throw damaged(file, 'its digest is another one');
    const { base, before, entry } = body;
    const commit = typeof base === 'string' ? parseObjectId(base) : undefined;
    if (commit === undefined || !isObject(before) || !isObject(entry) || !isObject(entry['state']))
      throw damaged(file, 'something of it is missing');
    const state = parseState(JSON.stringify(entry['state']));
    if ('reason' in state) throw damaged(file, state.reason);
    if (entry['environment'] !== this.environment)
      throw damaged(file, `it is of the environment ${JSON.stringify(entry['environment'])}`);
    // What has its digest is what was written here.
    return {
      ...(body as unknown as Pick<Journalled, 'before' | 'entry'>),
      base: commit,
      file,
      id: idOf(body),
    };
  }

  /** A name is only sure to stay when its folder is on disk as well. */
  async #settle(): Promise<void> {
    const folder = await open(this.folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

/** As long as an object id, so that it can stand in its place. */
function idOf(body: JsonObject): ObjectId {
  const length = String(body['base']).length;
  const id = parseObjectId(digest(body).slice('sha256:'.length).slice(0, length));
  if (id === undefined) throw new Error('a digest has the form of an object id');
  return id;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function damaged(file: string, reason: string): TowlineError {
  return new TowlineError('ledger-journal-damaged', 'invalid', `${file} can't be read: ${reason}`, {
    help: 'It holds what was done while the ledger was away. Look at it, put it right from a backup or move it elsewhere; nothing is deployed until then.',
  });
}
