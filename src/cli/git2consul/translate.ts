import { createHash } from 'node:crypto';
import type { MirrorConfig } from '../../config/config.js';
import { DEFAULTS } from '../../config/defaults.js';
import { branchProblem, folderProblem } from '../../config/names.js';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';

/** A webhook as git2consul listens for it. */
export interface LegacyHook {
  port: number;
  path: string;
  /** File that holds what the sender signs with; git2consul knows none. */
  secretFile?: string;
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
  /** Where the copies of remotes are kept. */
  store?: string;
  /** End when the configuration changes, for a supervisor to start again. */
  haltOnChange: boolean;
  logLevel?: string;
  /** What the configuration says and nothing comes of, in words. */
  notes: string[];
}

/** Options of the process that have no meaning here. */
const UNUSED = [['max_sockets', 'there are never more than a few']] as const;

/** bunyan's levels, by name or number. */
const LEVELS = new Map<Json, string>([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'error'],
  ['fatal', 'error'],
  ...['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, level] as const),
]);

type Found = Translated & { problems: string[] };

/** A git2consul configuration as mirrors of Towline; or everything that is wrong with it. */
export function translate(config: Json): Translated | { problems: string[] } {
  const found: Found = {
    mirrors: [],
    hooks: [],
    polls: new Map(),
    once: false,
    haltOnChange: config !== null && isObject(config) && config['halt_on_change'] === true,
    notes: [],
    problems: [],
  };
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
  const store = text(config, 'local_store');
  const logLevel = logLevelOf(config['logger'], notes);
  const waits = translated.polls.size > 0 || translated.hooks.length > 0;
  return {
    ...translated,
    once: config['no_daemon'] === true || !waits,
    ...(store === undefined ? {} : { store }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}

/** The level of bunyan's configuration: its own, or that of its first stream. */
function logLevelOf(logger: Json | undefined, notes: string[]): string | undefined {
  if (logger === undefined || !isObject(logger)) return undefined;
  const streams = (Array.isArray(logger['streams']) ? logger['streams'] : []).filter(isObject);
  const elsewhere = streams.find(
    ({ path, stream }) => path !== undefined || (stream !== undefined && stream !== 'process.stderr'),
  );
  if (elsewhere !== undefined) notes.push('logger.streams are not used: the log goes to standard error');
  return LEVELS.get(logger['level'] ?? streams[0]?.['level'] ?? null);
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
  const shared = repo['include_branch_name'] !== undefined && repo['include_branch_name'] !== true;
  if (shared && (branches.length > 1 || repo['support_tags'] === true))
    found.problems.push(
      `${where}.include_branch_name: without it ${branches.length > 1 ? branches.join(' and ') : 'the tags'} would write the same keys, and the last one wins; give each a repo of its own`,
    );
  const folder = (text(repo, 'source_root') ?? '').replace(/^\/+|\/+$/g, '');
  const badFolder = folderProblem(folder);
  if (badFolder !== undefined) found.problems.push(`${where}.source_root: ${badFolder}`);
  if (name === undefined || url === undefined) return;
  const mirrors: string[] = [];
  for (const branch of branches) {
    const bad = branchProblem(branch);
    if (bad !== undefined) found.problems.push(`${where}.branches: "${branch}" is no branch: ${bad}`);
    const mirror = mirrorOf(repo, { name, url, branch, folder });
    addMirror(mirror, { where, exact: `${name}\n${branch}`, mirrors, found });
  }
  if (repo['support_tags'] === true) {
    const tags = tagsOf(mirrorOf(repo, { name, url, branch: '{ref}', folder }), name);
    addMirror(tags, { where, exact: `${name}\n`, mirrors, found });
  }
  translateHooks(repo, where, mirrors, found);
}

/** Under a name of its own, which also names its lock and its `.ref`. */
function addMirror(
  mirror: MirrorConfig,
  { where, exact, mirrors, found }: { where: string; exact: string; mirrors: string[]; found: Found },
): void {
  const same = found.mirrors.find(
    ({ prefix, many }) => prefix === mirror.prefix && (many ?? mirror.many) === undefined,
  );
  if (same !== undefined)
    found.problems.push(
      `${where}: its keys "${mirror.prefix}" are those of ${same.name} too, and the last one wins; give it a mountpoint of its own`,
    );
  const taken = found.mirrors.some(({ name }) => name === mirror.name);
  const digits = createHash('sha256').update(exact).digest('hex').slice(0, 6);
  const named = taken ? { ...mirror, name: `${mirror.name}-${digits}` } : mirror;
  mirrors.push(named.name);
  found.mirrors.push(named);
}

/** Every tag with a message, beside the branches; git2consul never takes one away again. */
function tagsOf(mirror: MirrorConfig, name: string): MirrorConfig {
  return {
    ...mirror,
    name: slug(`${name}-tags`),
    branch: DEFAULTS.environment.branch,
    many: { branches: [], tags: ['**'], annotatedOnly: true },
    prefix: mirror.prefix.replace(/\{ref\}\/$/, ''),
  };
}

function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
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
    name: slug(`${name}-${branch}`),
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
    include: [],
    exclude: [],
    trim: false,
    links: DEFAULTS.links,
    gone: DEFAULTS.gone,
    ...DEFAULTS.mirror,
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
      const secretFile = text(hook, 'secretFile');
      found.hooks.push({ port, path, mirrors, ...(secretFile === undefined ? {} : { secretFile }) });
    } else found.problems.push(`${place}.type: there is no "${type}"`);
  }
}

function text(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
