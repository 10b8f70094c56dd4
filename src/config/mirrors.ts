import { pointer } from '../domain/source/json.js';
import type { ArrayStyle, ExpandOptions } from '../domain/source/expand/index.js';
import { repositoryUrl } from './address.js';
import type { MirrorConfig } from './config.js';
import { DEFAULTS, EXPAND_ARRAYS } from './defaults.js';
import { branchProblem, folderProblem, prefixProblem } from './names.js';
import type { Settings } from './settings.js';

/** The mirrors of plain configuration: a branch and folder of a repository, and the keys that they become. */
export function mirrorConfigs(settings: Settings): MirrorConfig[] {
  return settings.names('/mirrors').map((name) => mirrorConfig(settings, name));
}

function mirrorConfig(settings: Settings, name: string): MirrorConfig {
  const at = (...rest: string[]): string => pointer('mirrors', name, ...rest);
  const { branch, folder, mirrorDeletes } = DEFAULTS.environment;
  const url = repositoryUrl(settings, settings.text(at('repository')));
  const revisionKey = settings.text(at('revisionKey'))?.value;
  const expand = expandOptions(settings, at('expand'));
  const mirror: MirrorConfig = {
    name,
    ...(url === undefined ? {} : { url }),
    branch: settings.text(at('branch'))?.value ?? branch,
    folder: (settings.text(at('folder'))?.value ?? folder).replace(/^\/+|\/+$/g, ''),
    prefix: settings.text(at('prefix'))?.value ?? '',
    ...(expand === undefined ? {} : { expand }),
    ...(revisionKey === undefined ? {} : { revisionKey }),
    deletes: {
      maxCount: settings.number(at('deletes', 'maxCount')) ?? mirrorDeletes.maxCount,
      maxShare: settings.number(at('deletes', 'maxShare')) ?? mirrorDeletes.maxShare,
    },
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
