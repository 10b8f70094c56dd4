import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TowlineError } from '../runtime/errors.js';

/**
 * Writes files that are not there yet, all of them or none: what is there is somebody's work. Names may come from a server;
 * one that leads out of the folder is refused. Answers the paths that were written.
 */
export async function writeNewFiles(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const whole = new Map([...files].map(([name, text]) => [inside(folder, name), text]));
  for (const file of whole.keys()) if (await exists(file)) throw taken(file);
  for (const [file, text] of whole) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  }
  return [...whole.keys()];
}

function inside(folder: string, name: string): string {
  const file = path.resolve(folder, name);
  if (file.startsWith(`${path.resolve(folder)}${path.sep}`)) return file;
  throw new TowlineError(
    'export-outside',
    'refused',
    `${JSON.stringify(name)} would be outside of ${folder}`,
    {
      help: 'The scheduler has a job of a name that no scheduler takes. Export the others one by one.',
    },
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function taken(file: string): TowlineError {
  return new TowlineError('export-exists', 'refused', `${file} is there already; nothing was written`, {
    help: 'Export into another folder with --out, and compare.',
  });
}
