import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  towlineConfig?: string;
  notify?: string;
}

const MARK = '# written by towline hook install';

/** Writes `pre-receive` and `post-receive` into a bare repository. A hook of somebody else is never replaced. */
export async function run([target = '']: string[], flags: Flags, io: Io): Promise<number> {
  const location = path.resolve(io.cwd, target);
  const program = process.argv[1];
  if (program === undefined) throw new Error('the running program has no path');
  const folder = path.join(location, 'hooks');
  const config = flags.towlineConfig === undefined ? undefined : path.resolve(io.cwd, flags.towlineConfig);
  for (const name of ['pre-receive', 'post-receive']) {
    const file = path.join(folder, name);
    const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new TowlineError('hook-unreadable', 'refused', `${file} can't be read`, { cause: error });
    });
    if (found !== undefined && !found.includes(MARK)) {
      throw new TowlineError('hook-exists', 'refused', `${file} exists and is not Towline's`, {
        help: `Add this line to it instead:  ${hookLine(name, program, config, flags.notify)}`,
      });
    }
    await mkdir(folder, { recursive: true });
    await writeFile(file, `#!/bin/sh\n${MARK}\n${hookLine(name, program, config, flags.notify)}\n`, {
      mode: 0o755,
    });
    writeLine(io.stdout, `wrote ${file}`);
  }
  return EXIT.done;
}

function hookLine(
  name: string,
  program: string,
  config: string | undefined,
  notify: string | undefined,
): string {
  const words = [
    process.execPath,
    program,
    ...(config === undefined ? [] : ['--config', config]),
    'hook',
    name,
  ];
  if (name === 'post-receive' && notify !== undefined) words.push('--notify', notify);
  return `exec ${words.map(quoted).join(' ')}`;
}

/** A word for a POSIX shell; nothing in it is special inside single quotes but the quote itself. */
function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
