/** A manifest of the repository, as far as it matters for where environments are. */
export interface FoundFile {
  folders: string[];
  name: string;
  /** Kinds of schedulers whose jobs it holds; none for a file that only says what differs from another one. */
  kinds: ReadonlySet<string>;
}

/** What was found in the repository: where manifests are, and for which schedulers. */
export interface FoundEnvironment {
  name: string;
  /** Folders in the order in which they are merged; one: there are no layers. */
  layers: string[];
  schedulers: string[];
  files: number;
}

/** Folder names that teams give to environments. */
const ENVIRONMENT_NAMES =
  /^(prod|production|live|stag|stage|staging|preprod|pre-production|uat|qa|test|testing|dev|develop|development|integration|int|sandbox|demo)$/i;

/** Folder names that teams give to what environments share. */
const SHARED_NAMES = /^(base|common|shared|defaults?)$/i;

/** Folders named like environments, wherever they are; else the deepest folder that holds every manifest. */
export function environmentsOf(found: readonly FoundFile[]): FoundEnvironment[] {
  const shared = byFolder(found, SHARED_NAMES);
  const named = [...byFolder(found, ENVIRONMENT_NAMES)]
    .map(([folder, files]) => ({ folder, files, base: baseOf(files, folder, shared) }))
    .filter(({ files, base }) => base !== undefined || files.some(({ kinds }) => kinds.size > 0))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
  if (named.length === 0) return [everything(found.filter(({ kinds }) => kinds.size > 0))];
  const names = new Set<string>();
  return named.map(({ folder, files, base }) => {
    const last = (folder.split('/').at(-1) ?? folder).toLowerCase();
    const name = names.has(last) ? folder.toLowerCase().replace(/[^a-z0-9]+/g, '-') : last;
    names.add(name);
    const all = [...files, ...(base === undefined ? [] : (shared.get(base) ?? []))];
    return {
      name,
      layers: base === undefined ? [folder] : [base, folder],
      schedulers: kindsOf(all),
      files: all.length,
    };
  });
}

function byFolder(found: readonly FoundFile[], names: RegExp): Map<string, FoundFile[]> {
  const folders = new Map<string, FoundFile[]>();
  for (const file of found) {
    const at = file.folders.findIndex((name) => names.test(name));
    if (at < 0) continue;
    const folder = file.folders.slice(0, at + 1).join('/');
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return folders;
}

/** A shared folder is the base of an environment where a file of the environment has the path of one of its own. */
function baseOf(
  files: readonly FoundFile[],
  folder: string,
  shared: ReadonlyMap<string, readonly FoundFile[]>,
): string | undefined {
  const own = new Set(files.map((file) => pathBelow(file, folder)));
  for (const [base, theirs] of shared)
    if (!overlap(base, folder) && theirs.some((file) => own.has(pathBelow(file, base)))) return base;
  return undefined;
}

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function pathBelow({ folders, name }: FoundFile, folder: string): string {
  return [...folders.slice(folder.split('/').length), name].join('/');
}

function everything(found: readonly FoundFile[]): FoundEnvironment {
  const schedulers = kindsOf(found);
  return {
    name: 'production',
    layers: [commonFolder(found.map(({ folders }) => folders))],
    schedulers: schedulers.length === 0 ? ['marathon'] : schedulers,
    files: found.length,
  };
}

function kindsOf(files: readonly FoundFile[]): string[] {
  return [...new Set(files.flatMap(({ kinds }) => [...kinds]))].sort();
}

function commonFolder(all: readonly string[][]): string {
  const [first = [], ...rest] = all;
  const common = first.filter((name, at) =>
    rest.every((folders) => folders.slice(0, at + 1).join('/') === first.slice(0, at).concat(name).join('/')),
  );
  return common.join('/');
}
