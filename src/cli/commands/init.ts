import { writeFile } from 'node:fs/promises';
import { counted } from '../../domain/source/one-line.js';
import path from 'node:path';
import { isObject } from '../../domain/source/json.js';
import { ManifestCache } from '../../queries/declared.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { gitBranch } from '../git-config.js';
import { configText, type Found } from '../init/config-text.js';
import { writeEditorFiles, type SchemaFolders } from '../init/editor-settings.js';
import { environmentsOf } from '../init/found.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { readWorkTree } from '../work-tree.js';

interface Flags extends GlobalFlags {
  force?: boolean;
  stdout?: boolean;
  editor: boolean;
}

/** Writes a commented towline.yaml that fits the manifests found below the working folder, and settings for editors. */
export async function run(_args: string[], flags: Flags, io: Io): Promise<number> {
  const found = await look(io);
  const text = configText(found, { header: flags.editor });
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
  for (const { name, layers, files, schedulers } of found.environments)
    writeLine(
      io.stdout,
      `  ${name}: ${foldersText(layers)}, ${files === 0 ? 'no manifests yet' : `${counted(files, 'manifest')} for ${schedulers.join(' and ')}`}`,
    );
  if (flags.editor) await editorFiles(found, io);
  writeLine(io.stdout, 'Next: set the addresses in it, then run  towline validate  and  towline plan');
  return EXIT.done;
}

function foldersText(layers: readonly string[]): string {
  if (layers.length > 1) return `layers ${layers.join(', ')}`;
  return layers[0] === '' ? 'the whole repository' : `folder ${layers[0] ?? ''}`;
}

async function editorFiles(found: Found, io: Io): Promise<void> {
  const { written, refused } = await writeEditorFiles(io.cwd, schemaFolders(found));
  writeLine(io.stdout, `wrote ${written.join(', ')}: VS Code checks manifests while you type (commit them)`);
  if (refused !== undefined) writeLine(io.stderr, `warning: ${refused}`);
}

/** The root of the repository holds more than manifests: there only towline.yaml is checked. */
function schemaFolders({ environments }: Found): SchemaFolders {
  const patches = new Set(environments.flatMap(({ layers }) => layers.slice(1)));
  const manifests = new Set(environments.flatMap(({ layers }) => layers.slice(0, 1)));
  return {
    manifests: [...manifests].filter((folder) => folder !== '' && !patches.has(folder)).sort(),
    patches: [...patches].sort(),
  };
}

async function look(io: Io): Promise<Found> {
  const { files } = await readWorkTree(['.'], io.cwd);
  const manifests = new ManifestCache().parse(files).map((manifest) => {
    const kinds = new Set<string>();
    for (const { value } of manifest.documents) {
      for (const part of Array.isArray(value) ? value : [value]) {
        for (const [kind, { model }] of SCHEDULER_KINDS)
          if (isObject(part) && model.recognise(part) !== undefined) kinds.add(kind);
      }
    }
    const folders = manifest.path.split('/');
    return { folders: folders.slice(0, -1), name: folders.at(-1) ?? '', kinds };
  });
  return { branch: await gitBranch(io), environments: environmentsOf(manifests) };
}
