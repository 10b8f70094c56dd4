import type { Brand } from './brand.js';
import type { FileMode, TreeEntry } from './tree.js';
import type { ObjectFormat, ObjectId, Revision } from './revision.js';

/** A key in Consul KV, without leading slash. */
export type KvKey = Brand<string, 'KvKey'>;

/**
 * Flags of every key that the mirror wrote. A key below `config/` without it is foreign: readers do not see it and the
 * mirror does not delete it. A plain `consul kv put` over a mirrored key resets the flags, so it shows as tampering.
 */
export const MIRROR_FLAG = 0x746f774c;

/** What `.ref` says of one mirrored folder. */
export interface MirrorFolder {
  /** Folder in the job repository, '' for its root. */
  folder: string;
  /** Key prefix of its files, ends in `/`. */
  prefix: string;
  tree: ObjectId;
  files: number;
  format: ObjectFormat;
  exceptions: MirrorException[];
}

/** A tree entry that KV can't show as it is: not held at all, or held with a mode other than 100644. */
export interface MirrorException {
  path: string;
  pathHex?: string;
  mode: FileMode;
  id: ObjectId;
  /** True where KV holds the bytes and only the mode is unusual. */
  held: boolean;
  /** Why KV does not hold it, for people. */
  reason?: string;
}

/** The value of `ENV/.ref`: what `config/` holds. Written last. */
export interface MirrorRef {
  version: 1;
  revision: Revision;
  branch: string;
  folders: MirrorFolder[];
}

/** The value of `ENV/.changes`: a hint for readers, and whether a mirror pass is under way. */
export interface MirrorChanges {
  version: 1;
  state: 'writing' | 'done';
  /** The revision that `.ref` held before; null at the first pass. */
  from: Revision | null;
  to: Revision;
  /** Keys written or deleted; null when the list would be too long: read everything. */
  keys: string[] | null;
}

/** All key names of one environment. The only place that knows them. */
export interface KvLayout {
  environment: string;
  /** Prefix of everything that is kept of it, ends in `/`. */
  home: string;
  /** Prefix of mirrored files, ends in `/`. */
  config: string;
  ref: KvKey;
  changes: KvKey;
  /** Written with every order, so that deployers look at the ledger at once. */
  orders: KvKey;
  /** The newest entry of the ledger, for those who check that nobody has rewritten it. */
  ledger: KvKey;
  status(scheduler: string, id: string): KvKey;
  /** Prefix of all status keys, ends in `/`. */
  statusPrefix: string;
  lock(worker: string): KvKey;
}

/** Keys of an environment. `prefix` is the configured one (default `towline/`), `base` overrides `PREFIX/ENV/`. */
export function kvLayout(prefix: string, environment: string, base?: string): KvLayout {
  const root = withSlash(prefix);
  const home = base === undefined ? `${root}${environment}/` : withSlash(base);
  const statusPrefix = `${home}status/`;
  return {
    environment,
    home,
    config: `${home}config/`,
    ref: kvKey(`${home}.ref`),
    changes: kvKey(`${home}.changes`),
    orders: kvKey(`${home}.orders`),
    ledger: kvKey(`${home}.ledger`),
    statusPrefix,
    status: (scheduler, id) => kvKey(`${statusPrefix}${scheduler}/${id.replace(/^\/+/, '')}`),
    lock: (worker) => kvKey(`${root}locks/${worker}/${environment}`),
  };
}

/** Keys of a mirror that is no environment: files below `config`, everything else with the rest of Towline's keys. */
export function mirrorLayout(prefix: string, name: string, config: string): KvLayout {
  const root = withSlash(prefix);
  return { ...kvLayout(prefix, name, `${root}mirrors/${name}/`), config: withSlash(config) };
}

/** Prefix of a folder's files: `config/` for the only one, `config/FOLDER/` for one of several layers. */
export function folderPrefix(layout: KvLayout, folders: readonly string[], folder: string): string {
  return folders.length === 1 ? layout.config : `${layout.config}${folder}/`;
}

/** Prefix of all releases, ends in `/`. */
export function releasesPrefix(prefix: string): string {
  return `${withSlash(prefix)}releases/`;
}

/** Key of an image's release. Image names hold `/` and `:` (registry port), both are legal in keys. */
export function releaseKey(prefix: string, imageName: string): KvKey {
  return kvKey(`${releasesPrefix(prefix)}${imageName}`);
}

/**
 * Why Consul can't address a path as a key by URL, or undefined where it can. Control characters and U+00A0 give 400,
 * `//` gives a redirect (reference: git2consul.md §3, "Keys").
 */
export function unaddressable(path: string): string | undefined {
  if (path.includes('\uFFFD')) return 'its name is not valid UTF-8';
  if (/[\u0000-\u001f\u007f\u00a0]/.test(path))
    return 'its name holds a control character or a no-break space';
  if (path.startsWith('/') || path.includes('//')) return 'its name holds an empty segment';
  if (path.split('/').some((s) => s === '.' || s === '..')) return 'its name holds a "." or ".." segment';
  return undefined;
}

/** Why KV can't hold a tree entry, or undefined where it can. */
export function whyNotHeld(
  { path, pathHex, mode, size, lfs }: Pick<TreeEntry, 'path' | 'pathHex' | 'mode' | 'size' | 'lfs'>,
  valueBytes = Infinity,
): string | undefined {
  if (mode === '120000') return 'it is a symbolic link';
  if (mode === '160000') return 'it is a submodule';
  if (lfs === true) return 'it is a Git LFS pointer: its content is kept elsewhere';
  if (pathHex !== undefined) return 'its name is not valid UTF-8';
  if (size !== undefined && size > valueBytes) return `it has ${size} bytes, a value may have ${valueBytes}`;
  return unaddressable(path);
}

/** Who has a key among others: the key itself, or a prefix that ends in `/`; undefined: nobody of them. */
export function claimOf(key: string, claimed: readonly string[]): string | undefined {
  return claimed.find((each) => (each.endsWith('/') ? key.startsWith(each) : key === each));
}

export function kvKey(text: string): KvKey {
  return text as KvKey;
}

function withSlash(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** JSON text of a value that Towline writes into KV: one line, readable in the Consul UI. */
export function kvJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
