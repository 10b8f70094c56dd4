import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { World } from '../e2e/world.js';

/** Values that must not be seen again, by where they were put. */
export class Canaries {
  readonly #values = new Map<string, string>();

  /** With characters that programs write in other ways. */
  value(place: string): string {
    return this.#made(place, (core) => `${core}"q\\/+é ${core}`);
  }

  /** For headers, addresses and files of tokens. */
  token(place: string): string {
    return this.#made(place, (core) => `tk${core}`);
  }

  #made(place: string, form: (core: string) => string): string {
    const known = this.#values.get(place);
    if (known !== undefined) return form(known);
    const core = `zq${randomBytes(9).toString('hex')}`;
    this.#values.set(place, core);
    return form(core);
  }

  /** Which of them a text holds, in whatever form. */
  seenIn(text: string): string[] {
    return [...this.#values]
      .filter(([, core]) => formsOf(core).some((form) => text.includes(form)))
      .map(([place]) => place);
  }
}

/** Every form that a program might give a text, as far as it does not depend on what stands around it. */
function formsOf(core: string): string[] {
  const bytes = Buffer.from(core);
  return [
    core,
    bytes.toString('hex'),
    createHash('sha256').update(core).digest('hex'),
    ...[0, 1, 2].map((before) => {
      const digits = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      return digits.slice(before + 1, -4);
    }),
  ];
}

/** All that a world was told to keep, by what it is: where a canary is found says who let it out. */
export async function everythingKept(world: World): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  const keys = (await (await fetch(`${world.consul.url}/v1/kv/?recurse`)).json()) as {
    Key: string;
    Value: string | null;
  }[];
  for (const { Key, Value } of keys)
    // The manifests themselves: what was put in.
    if (!Key.includes('/config/')) kept.set(`KV ${Key}`, Buffer.from(Value ?? '', 'base64').toString());
  const git = async (...args: string[]): Promise<string> =>
    (await world.processes.run('git', ['-C', world.bare, ...args])).stdout;
  for (const ref of (await git('for-each-ref', '--format=%(refname)')).split('\n').filter(Boolean)) {
    kept.set(`messages of ${ref}`, await git('log', '--format=raw', ref));
    if (ref === 'refs/heads/main') continue;
    // Of the entries themselves, not of the revisions that they name.
    const objects = await git('rev-list', '--first-parent', '--objects', ref, '--not', 'refs/heads/main');
    for (const line of objects.split('\n').filter(Boolean)) {
      const [id = '', name = ''] = line.split(' ');
      kept.set(`${ref} ${id} ${name}`, await git('cat-file', '-p', id));
    }
  }
  for (const file of await readdir(world.folder, { recursive: true, withFileTypes: true }))
    if (file.isFile() && file.name.endsWith('.log'))
      kept.set(file.name, await readFile(path.join(file.parentPath, file.name), 'utf8'));
  return kept;
}
