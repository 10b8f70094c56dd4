import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/config.js';
import { maskKey, SecretMask, type MaskKey } from '../domain/plan/secrets/index.js';
import type { Models } from '../queries/declared.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { redact, registerSecret } from '../runtime/redact.js';

/** Values of jobs are shorter than tokens; as whole words they are taken out of texts from this length on. */
const SHORTEST = 4;

/** What hides the secrets of the jobs of an environment. */
export function secretMask(
  { secrets, repository }: Pick<Config, 'secrets' | 'repository'>,
  home: string,
  models: Models,
): SecretMask {
  const file = path.join(path.resolve(home, repository.store), 'secrets.key');
  return new SecretMask({
    rules: secrets.values,
    schedulers: models,
    key: () => (secrets.key === undefined ? keyIn(file) : maskKey(secrets.key)),
    learned: (value) => registerSecret(value, SHORTEST),
    redact,
  });
}

/** The key of this machine; made the first time that there is something to hide. */
function keyIn(file: string): MaskKey {
  try {
    return maskKey(existing(file) ?? made(file) ?? existing(file) ?? '');
  } catch (cause) {
    throw new TowlineError(
      'secrets-key',
      'invalid',
      `the key for secrets in ${file} can't be used: ${messageOf(cause)}`,
      {
        cause,
        help: 'Make the folder writable, or name a key by secrets.keyFile or TOWLINE_SECRETS_KEY.',
      },
    );
  }
}

function existing(file: string): string | undefined {
  try {
    const key = readFileSync(file, 'utf8').trim();
    if (key.length >= 64) return known(key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error('it holds no key; remove it, and another one is made');
}

/** Undefined where somebody else was first. It is there whole or not at all. */
function made(file: string): string | undefined {
  const key = randomBytes(32).toString('hex');
  const partial = `${file}.${process.pid}`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(partial, `${key}\n`, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(partial, file);
    return known(key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    unlinkSync(partial);
  }
}

function known(key: string): string {
  registerSecret(key);
  return key;
}
