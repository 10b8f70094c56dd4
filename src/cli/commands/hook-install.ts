import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { hookScript, isOurs } from '../hook/hook-script.js';
import { refuseShared, repositoryAt } from '../hook/repository-at.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  towlineConfig?: string;
  notify?: string;
}

const HOOKS = ['pre-receive', 'post-receive'] as const;
/** A hook that was there before is run first under this name. */
const BEFORE = '.before-towline';

/**
 * `hook install`: writes `pre-receive` and `post-receive`. Hooks that are there already are kept: each is moved aside and
 * run first. To do it again changes nothing but the settings.
 */
export async function install([target = '']: string[], flags: Flags, io: Io): Promise<number> {
  const repository = await repositoryAt(target, io);
  await refuseShared(repository, io);
  const program = process.argv[1];
  if (program === undefined) throw new Error('the running program has no path');
  const config = flags.towlineConfig === undefined ? undefined : path.resolve(io.cwd, flags.towlineConfig);
  // All that can be refused is refused before anything is written.
  const found = new Map<string, string | undefined>();
  for (const name of HOOKS) {
    const file = path.join(repository.hooks, name);
    const text = await textOf(file);
    found.set(name, text);
    if (text !== undefined && !isOurs(text) && (await exists(`${file}${BEFORE}`)))
      throw new TowlineError('hook-exists', 'refused', `${file} was replaced after towline hook install`, {
        help: `There is ${name}${BEFORE} already. Put one of the two away: both can not be kept.`,
      });
  }
  await mkdir(repository.hooks, { recursive: true });
  for (const name of HOOKS) {
    const file = path.join(repository.hooks, name);
    const text = found.get(name);
    if (text !== undefined && !isOurs(text)) {
      await rename(file, `${file}${BEFORE}`);
      writeLine(io.stdout, `kept ${file}${BEFORE}, which is run first`);
    }
    await writeWhole(
      file,
      hookScript(name, { node: process.execPath, program, config, notify: flags.notify, before: BEFORE }),
    );
    writeLine(io.stdout, `wrote ${file}`);
  }
  // So that the commands on this repository find what its hooks use.
  await setting(repository.gitDir, 'towline.config', config, io);
  await setting(repository.gitDir, 'towline.notify', flags.notify, io);
  return EXIT.done;
}

/** `hook uninstall`: takes the hooks away and puts those back that were there before. What waits to be sent stays. */
export async function uninstall([target = '']: string[], _flags: Flags, io: Io): Promise<number> {
  const repository = await repositoryAt(target, io);
  for (const name of HOOKS) {
    const file = path.join(repository.hooks, name);
    const text = await textOf(file);
    if (text !== undefined && !isOurs(text)) {
      writeLine(io.stdout, `left ${file}, which is not Towline's`);
      continue;
    }
    if (await exists(`${file}${BEFORE}`)) {
      await rename(`${file}${BEFORE}`, file);
      writeLine(io.stdout, `put back ${file}`);
    } else if (text !== undefined) {
      await rm(file);
      writeLine(io.stdout, `removed ${file}`);
    }
  }
  for (const name of ['towline.config', 'towline.notify'])
    await setting(repository.gitDir, name, undefined, io);
  return EXIT.done;
}

/** Undefined: there is no such file. A link is read as what it leads to; one that leads nowhere is empty. */
async function textOf(file: string): Promise<string | undefined> {
  if (!(await exists(file))) return undefined;
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new TowlineError('hook-unreadable', 'refused', `${file} can't be read`, { cause: error });
  }
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) !== undefined;
}

/** A push at this moment finds the old hook or the new one, never half of one. */
async function writeWhole(file: string, text: string): Promise<void> {
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, text, { mode: 0o755 });
  await rename(fresh, file);
}

async function setting(gitDir: string, name: string, value: string | undefined, io: Io): Promise<void> {
  const args = value === undefined ? ['--unset-all', name] : ['--replace-all', name, value];
  const { exitCode, stderr } = await execa('git', ['config', '--local', ...args], {
    cwd: gitDir,
    reject: false,
    cancelSignal: io.signal,
    env: { GIT_DIR: gitDir, LC_ALL: 'C' },
  });
  // 5: it was not set.
  if (exitCode === 0 || (value === undefined && exitCode === 5)) return;
  throw new TowlineError(
    'hook-unwritable',
    'refused',
    `git config of ${gitDir} can't be written: ${stderr}`,
    {
      help: 'The hooks are written; check the rights of the repository and do it again.',
    },
  );
}
