import { isObject, pointer, type Json } from '../domain/source/json.js';
import type { ArrayStyle, ExpandOptions } from '../domain/source/expand/index.js';
import { repositoryUrl } from './address.js';
import type { MirrorConfig, MirrorPolicy, RemoteConfig } from './config.js';
import { DEFAULTS, EXPAND_ARRAYS, MIRROR_POLICY } from './defaults.js';
import { branchProblem, folderProblem, prefixProblem } from './names.js';
import { UNREAD, type Settings, type Sourced } from './settings.js';

type At = (...rest: string[]) => string;

/** The mirrors of plain configuration: a branch and folder of a repository, and the keys that they become. */
export async function mirrorConfigs(
  settings: Settings,
  remotes: readonly RemoteConfig[],
): Promise<MirrorConfig[]> {
  const mirrors: MirrorConfig[] = [];
  for (const name of settings.names('/mirrors')) {
    const mirror = await mirrorConfig(settings, name, remotes);
    const same = mirrors.find(({ prefix }) => slashed(prefix) === slashed(mirror.prefix));
    if (same !== undefined)
      settings.problem(
        { at: pointer('mirrors', name, 'prefix') },
        `its keys are those of the mirror ${same.name}`,
        'Give each mirror a prefix of its own; one may lie inside another.',
      );
    mirrors.push(mirror);
  }
  return mirrors;
}

function slashed(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

async function mirrorConfig(
  settings: Settings,
  name: string,
  remotes: readonly RemoteConfig[],
): Promise<MirrorConfig> {
  const at: At = (...rest) => pointer('mirrors', name, ...rest);
  const { branch, folder } = DEFAULTS.environment;
  const revisionKey = settings.text(at('revisionKey'))?.value;
  const expand = expandOptions(settings, at('expand'));
  const many = patternsOf(settings, at);
  const secrets = await secretsOf(settings, settings.text(at('secretsFile')));
  const mirror: MirrorConfig = {
    name,
    ...locationOf(settings, settings.text(at('repository')), remotes),
    branch: settings.text(at('branch'))?.value ?? branch,
    ...(many === undefined ? {} : { many }),
    folder: (settings.text(at('folder'))?.value ?? folder).replace(/^\/+|\/+$/g, ''),
    prefix: settings.text(at('prefix'))?.value ?? '',
    include: settings.list(at('include')).map(({ value }) => value),
    exclude: settings.list(at('exclude')).map(({ value }) => value),
    trim: settings.boolean(at('trim')) ?? false,
    links: settings.oneOf(MIRROR_POLICY.links, settings.text(at('links'))) ?? DEFAULTS.links,
    gone: settings.oneOf(MIRROR_POLICY.gone, settings.text(at('gone'))) ?? DEFAULTS.gone,
    ...mirrorPolicy(settings, at),
    ...(secrets === undefined ? {} : { secrets }),
    ...(expand === undefined ? {} : { expand }),
    ...(revisionKey === undefined ? {} : { revisionKey }),
  };
  for (const [field, problem] of [
    ['branch', branchProblem(mirror.branch)],
    ['folder', folderProblem(mirror.folder)],
    ['prefix', prefixProblem(mirror.prefix)],
    ['revisionKey', revisionKey === undefined ? undefined : prefixProblem(revisionKey)],
  ] as const)
    if (problem !== undefined && settings.text(at(field)) !== undefined)
      settings.problem({ at: at(field) }, `it can't be used: ${problem}`, 'Correct it.');
  return mirror;
}

/** What a mirror does about what it did not expect; environments and mirrors have it in common. */
export function mirrorPolicy(settings: Settings, at: At): MirrorPolicy {
  const { deletes, ...others } = DEFAULTS.mirror;
  return {
    deletes: {
      maxCount: settings.number(at('deletes', 'maxCount')) ?? deletes.maxCount,
      maxShare: settings.number(at('deletes', 'maxShare')) ?? deletes.maxShare,
    },
    foreign: settings.oneOf(MIRROR_POLICY.foreign, settings.text(at('foreign'))) ?? others.foreign,
    drift: settings.oneOf(MIRROR_POLICY.drift, settings.text(at('drift'))) ?? others.drift,
    rewritten: settings.oneOf(MIRROR_POLICY.rewritten, settings.text(at('rewritten'))) ?? others.rewritten,
  };
}

/** A repository by the name of a remote, or by its address. */
export function locationOf(
  settings: Settings,
  given: Sourced<string> | undefined,
  remotes: readonly RemoteConfig[],
): { url?: string; remote?: RemoteConfig } {
  const remote = remotes.find(({ name }) => name === given?.value);
  if (remote !== undefined) return { url: remote.url, remote };
  const url = repositoryUrl(settings, given);
  return url === undefined ? {} : { url };
}

function patternsOf(settings: Settings, at: At): MirrorConfig['many'] {
  const branches = settings.list(at('branches')).map(({ value }) => value);
  const tags = settings.list(at('tags')).map(({ value }) => value);
  if (branches.length + tags.length === 0) return undefined;
  if (settings.text(at('branch')) !== undefined)
    settings.problem(
      { at: at('branch') },
      'branch is for a mirror of one branch',
      'Remove it, or branches and tags.',
      'key',
    );
  const revisionKey = settings.text(at('revisionKey'));
  if (revisionKey !== undefined && !revisionKey.value.includes('{ref}'))
    settings.problem(
      revisionKey.origin,
      'all branches and tags would share it',
      'Put {ref} where the name is to stand.',
    );
  return { branches, tags, annotatedOnly: settings.boolean(at('annotatedOnly')) ?? false };
}

/** Names and values for files, from a file of this machine. */
async function secretsOf(
  settings: Settings,
  file: Sourced<string> | undefined,
): Promise<Record<string, string> | undefined> {
  const text = await settings.secret(file);
  if (file === undefined || text === undefined || text === UNREAD) return undefined;
  let value: Json | undefined;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    value = undefined;
  }
  const secrets = isObject(value) ? Object.entries(value) : [];
  if (value !== undefined && isObject(value) && secrets.every(([, each]) => typeof each === 'string'))
    return Object.fromEntries(secrets) as Record<string, string>;
  settings.problem(
    file.origin,
    `the file ${file.value} is no JSON object of texts`,
    'Write {"NAME": "value"}.',
  );
  return undefined;
}

/** `expand: true` is everything by default; a mapping says how. */
function expandOptions(settings: Settings, at: string): ExpandOptions | undefined {
  const value = settings.value(at);
  if (value === undefined || value === false) return undefined;
  const common = settings.text(`${at}/commonProperties`)?.value;
  const arrays: ArrayStyle | undefined = settings.oneOf(EXPAND_ARRAYS, settings.text(`${at}/arrays`));
  return {
    arrays: arrays ?? DEFAULTS.expand.arrays,
    ignoreExtension: settings.boolean(`${at}/ignoreExtension`) ?? DEFAULTS.expand.ignoreExtension,
    ...(common === undefined ? {} : { commonProperties: common }),
  };
}
