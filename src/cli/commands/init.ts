import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isObject } from '../../domain/source/json.js';
import { ManifestCache } from '../../queries/declared.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { readWorkTree } from '../work-tree.js';
import { gitBranch } from '../git-config.js';

interface Flags extends GlobalFlags {
  force?: boolean;
  stdout?: boolean;
}

/** What was found in the repository: where manifests are, and for which schedulers. */
export interface Found {
  branch: string;
  environments: { name: string; folder: string; schedulers: string[]; files: number }[];
}

/** Folder names that teams give to environments. */
const ENVIRONMENT_NAMES =
  /^(prod|production|live|stag|stage|staging|preprod|pre-production|uat|qa|test|testing|dev|develop|development|integration|int|sandbox|demo)$/i;

/** Writes a commented towline.yaml that fits the manifests found below the working folder. */
export async function run(_args: string[], flags: Flags, io: Io): Promise<number> {
  const found = await look(io);
  const text = configText(found);
  if (flags.stdout === true) {
    io.stdout.write(text);
    return EXIT.done;
  }
  const file = path.join(io.cwd, 'towline.yaml');
  try {
    await writeFile(file, text, { flag: flags.force === true ? 'w' : 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new TowlineError('init-exists', 'refused', `${file} exists`, {
      help: 'Edit it, or replace it with --force.',
      cause,
    });
  }
  writeLine(io.stdout, `wrote ${file}`);
  for (const { name, folder, files, schedulers } of found.environments) {
    const what = files === 0 ? 'no manifests yet' : `${files} manifests for ${schedulers.join(' and ')}`;
    writeLine(
      io.stdout,
      `  ${name}: ${folder === '' ? 'the whole repository' : `folder ${folder}`}, ${what}`,
    );
  }
  writeLine(io.stdout, 'Next: set the addresses in it, then run  towline validate  and  towline plan');
  return EXIT.done;
}

async function look(io: Io): Promise<Found> {
  const { files } = await readWorkTree(['.'], io.cwd);
  const manifests = new ManifestCache().parse(files).flatMap((manifest) => {
    const kinds = new Set<string>();
    for (const { value } of manifest.documents) {
      for (const part of Array.isArray(value) ? value : [value]) {
        for (const [kind, { model }] of SCHEDULER_KINDS)
          if (isObject(part) && model.recognise(part) !== undefined) kinds.add(kind);
      }
    }
    return kinds.size === 0 ? [] : [{ folders: manifest.path.split('/').slice(0, -1), kinds }];
  });
  return { branch: await gitBranch(io), environments: environmentsOf(manifests) };
}

/** Folders named like environments, wherever they are; else the deepest folder that holds every manifest. */
export function environmentsOf(
  manifests: readonly { folders: string[]; kinds: ReadonlySet<string> }[],
): Found['environments'] {
  const byFolder = new Map<string, { files: number; kinds: Set<string> }>();
  for (const { folders, kinds } of manifests) {
    const at = folders.findIndex((name) => ENVIRONMENT_NAMES.test(name));
    const folder = at < 0 ? undefined : folders.slice(0, at + 1).join('/');
    if (folder === undefined) continue;
    const entry = byFolder.get(folder) ?? { files: 0, kinds: new Set<string>() };
    entry.files += 1;
    for (const kind of kinds) entry.kinds.add(kind);
    byFolder.set(folder, entry);
  }
  if (byFolder.size > 0) {
    const names = new Set<string>();
    return [...byFolder].sort().map(([folder, { files, kinds }]) => {
      const last = (folder.split('/').at(-1) ?? folder).toLowerCase();
      const name = names.has(last) ? folder.toLowerCase().replace(/[^a-z0-9]+/g, '-') : last;
      names.add(name);
      return { name, folder, files, schedulers: [...kinds].sort() };
    });
  }
  const kinds = new Set(manifests.flatMap((m) => [...m.kinds]));
  const schedulers = kinds.size === 0 ? ['marathon'] : [...kinds].sort();
  return [
    {
      name: 'production',
      folder: commonFolder(manifests.map((m) => m.folders)),
      files: manifests.length,
      schedulers,
    },
  ];
}

function commonFolder(all: readonly string[][]): string {
  const [first = [], ...rest] = all;
  const common = first.filter((name, at) =>
    rest.every((folders) => folders.slice(0, at + 1).join('/') === first.slice(0, at).concat(name).join('/')),
  );
  return common.join('/');
}

const PORTS: Record<string, number> = { marathon: 8080, chronos: 4400 };

/** The file's text. Every setting that a team usually touches stands in it, the rest in a comment with its default. */
export function configText({ branch, environments }: Found): string {
  const lines = [
    '# Towline: which folders of this repository run where. Reference: docs/configuration.md',
    'version: 1',
    '',
    'consul:',
    '  # CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN are used when they are set. Tokens never stand in this file.',
    '  address: http://127.0.0.1:8500',
    '  # Everything that Towline keeps in KV stands below this prefix.',
    '  prefix: towline/',
    '',
    'environments:',
  ];
  for (const { name, folder, schedulers } of environments) {
    lines.push(
      `  ${name}:`,
      `    branch: ${JSON.stringify(branch)}`,
      `    folder: ${JSON.stringify(folder)}`,
      '    schedulers:',
      ...schedulers.flatMap((kind) => [
        `      ${kind}:`,
        `        url: http://127.0.0.1:${PORTS[kind] ?? 80}`,
      ]),
      '    promote:',
      '      # Tags that are committed as soon as they are released; "*" stands for any characters. [] = by hand only.',
      '      automatic: []',
      '    deploy:',
      '      # How long one change may take until it is rolled back (onFailure: leave = only reported).',
      '      timeoutSeconds: 600',
      '      onFailure: rollback',
      '      # Above these limits nothing is deleted without --allow-prune.',
      '      prune: { maxCount: 10, maxShare: 0.3 }',
    );
  }
  lines.push(
    '',
    'ledger:',
    '  # The branch that records what was sent and how it ended, one for each environment.',
    '  branch: ledger/{environment}',
    "  # true: what can't be recorded is not done.",
    '  required: true',
    '',
    '# server: { listen: 127.0.0.1:7070 }   # webhook, health and metrics of  towline run',
    '# poll: { intervalSeconds: 60 }        # the longest time until a change is seen without any hint',
  );
  return `${lines.join('\n')}\n`;
}
