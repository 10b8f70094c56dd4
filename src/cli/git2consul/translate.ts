import type { MirrorConfig } from '../../config/config.js';
import { branchProblem, folderProblem } from '../../config/names.js';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';

/** A webhook as git2consul listens for it. */
export interface LegacyHook {
  port: number;
  path: string;
  /** Names of the mirrors that it wakes. */
  mirrors: string[];
}

export interface Translated {
  mirrors: MirrorConfig[];
  hooks: LegacyHook[];
  /** Polling intervals by mirror, in milliseconds. Mirrors without one wait for webhooks alone. */
  polls: Map<string, number>;
  /** One pass and no more: no_daemon, or nothing that could start another. */
  once: boolean;
  /** What the configuration says and nothing comes of, in words. */
  notes: string[];
}

/** Options of the process that have no meaning here. */
const UNUSED = [
  ['local_store', 'copies of remotes are kept where repository.store says'],
  ['halt_on_change', 'start it again for a new configuration'],
  ['logger', 'see log in towline.yaml, or --log-level'],
  ['max_sockets', 'there are never more than a few'],
] as const;

type Found = Translated & { problems: string[] };

/** Limits without meaning for whoever moves here: git2consul has none. */
const DELETES = { maxCount: 1000, maxShare: 0.5 };

/** A git2consul configuration as mirrors of Towline; or everything that is wrong with it. */
export function translate(config: Json): Translated | { problems: string[] } {
  const found: Found = { mirrors: [], hooks: [], polls: new Map(), once: false, notes: [], problems: [] };
  if (!isObject(config)) return { problems: ['it is not a JSON object'] };
  const repos = Array.isArray(config['repos']) ? config['repos'] : [];
  if (repos.length === 0) found.problems.push('repos: there is none');
  const names = new Set<string>();
  for (const [at, repo] of repos.entries()) {
    if (!isObject(repo)) found.problems.push(`repos[${at}]: it is not an object`);
    else {
      const name = text(repo, 'name');
      if (name !== undefined && names.has(name))
        found.problems.push(`repos[${at}]: the name "${name}" is there twice`);
      names.add(name ?? '');
      translateRepo(repo, `repos[${at}]`, found);
    }
  }
  const { problems, ...translated } = found;
  if (problems.length > 0) return { problems };
  const { notes } = translated;
  for (const [option, instead] of UNUSED)
    if (config[option] !== undefined) notes.push(`${option} is not used: ${instead}`);
  const waits = translated.polls.size > 0 || translated.hooks.length > 0;
  return { ...translated, once: config['no_daemon'] === true || !waits };
}

function translateRepo(repo: JsonObject, where: string, found: Found): void {
  const [name, url, mountpoint] = [text(repo, 'name'), text(repo, 'url'), text(repo, 'mountpoint')];
  const branches = Array.isArray(repo['branches'])
    ? repo['branches'].filter((b) => typeof b === 'string')
    : [];
  if (name === undefined) found.problems.push(`${where}.name: it is missing`);
  if (url === undefined) found.problems.push(`${where}.url: it is missing`);
  if (branches.length === 0) found.problems.push(`${where}.branches: there is none`);
  if (new Set(branches).size !== branches.length)
    found.problems.push(`${where}.branches: one is there twice`);
  if (mountpoint !== undefined && /^\/|\/$/.test(mountpoint))
    found.problems.push(`${where}.mountpoint: it must not begin or end with "/"`);
  if (repo['support_tags'] === true)
    found.problems.push(`${where}.support_tags: tags are not followed; name them in branches`);
  const folder = (text(repo, 'source_root') ?? '').replace(/^\/+|\/+$/g, '');
  const badFolder = folderProblem(folder);
  if (badFolder !== undefined) found.problems.push(`${where}.source_root: ${badFolder}`);
  if (name === undefined || url === undefined) return;
  const mirrors: string[] = [];
  for (const branch of branches) {
    const bad = branchProblem(branch);
    if (bad !== undefined) found.problems.push(`${where}.branches: "${branch}" is no branch: ${bad}`);
    const mirror = mirrorOf(repo, { name, url, branch, folder });
    mirrors.push(mirror.name);
    found.mirrors.push(mirror);
  }
  translateHooks(repo, where, mirrors, found);
}

function mirrorOf(
  repo: JsonObject,
  { name, url, branch, folder }: { name: string; url: string; branch: string; folder: string },
): MirrorConfig {
  const mount = text(repo, 'mountpoint');
  const home = [
    ...(mount === undefined ? [] : [mount]),
    ...(repo['ignore_repo_name'] === true ? [] : [name]),
  ];
  const withBranch = repo['include_branch_name'] === undefined || repo['include_branch_name'] === true;
  const prefix = [...home, ...(withBranch ? [branch] : [])].map((part) => `${part}/`).join('');
  const common = text(repo, 'common_properties');
  return {
    name: `${name}-${branch}`.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    url,
    branch,
    folder,
    prefix,
    ...(repo['expand_keys'] === true
      ? {
          expand: {
            // Inner lists are dropped there; a list at the top is numbered.
            arrays: 'drop',
            ignoreExtension: repo['ignore_file_extension'] === true,
            ...(common === undefined
              ? {}
              : { commonProperties: folder === '' ? common : common.replace(`${folder}/`, '') }),
          },
        }
      : {}),
    revisionKey: [...home, `${branch}.ref`].join('/'),
    deletes: DELETES,
  };
}

const HOOKS = new Set(['github', 'gitlab', 'stash', 'bitbucket', 'gitea']);

function translateHooks(repo: JsonObject, where: string, mirrors: string[], found: Found): void {
  const hooks = Array.isArray(repo['hooks']) ? repo['hooks'] : [];
  for (const [at, hook] of hooks.entries()) {
    const place = `${where}.hooks[${at}]`;
    const type = isObject(hook) ? text(hook, 'type') : undefined;
    if (!isObject(hook) || type === undefined) found.problems.push(`${place}: it has no type`);
    else if (type === 'polling') {
      const minutes = Number(hook['interval'] ?? 1);
      if (!Number.isInteger(minutes) || minutes < 1)
        found.problems.push(`${place}.interval: whole minutes from 1`);
      for (const mirror of mirrors) found.polls.set(mirror, minutes * 60_000);
    } else if (HOOKS.has(type)) {
      const port = Number(hook['port']);
      const path = text(hook, 'url') ?? '';
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        found.problems.push(`${place}.port: it is no port`);
      if (!path.startsWith('/')) found.problems.push(`${place}.url: it begins with "/"`);
      if (found.hooks.some((other) => other.port === port && other.path === path))
        found.problems.push(`${place}: port ${port} and ${path} are taken already`);
      found.hooks.push({ port, path, mirrors });
    } else found.problems.push(`${place}.type: there is no "${type}"`);
  }
}

function text(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
