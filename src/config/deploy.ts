import type { FieldRule } from '../domain/plan/field-rules.js';
import type { DeployConfig } from './config.js';
import { DEFAULTS, ON_FAILURE } from './defaults.js';
import type { Settings } from './settings.js';

/** `deploy` of an environment. */
export function deployConfig(settings: Settings, at: (...rest: string[]) => string): DeployConfig {
  const { deploy, prune } = DEFAULTS.environment;
  const number = (name: 'timeoutSeconds' | 'soakSeconds' | 'noOffersSeconds' | 'maxTaskFailures'): number =>
    settings.number(at(name)) ?? deploy[name];
  return {
    timeoutSeconds: number('timeoutSeconds'),
    soakSeconds: number('soakSeconds'),
    noOffersSeconds: number('noOffersSeconds'),
    maxTaskFailures: number('maxTaskFailures'),
    concurrency: settings.number(at('concurrency')) ?? deploy.concurrency,
    onFailure: settings.oneOf(ON_FAILURE, settings.text(at('onFailure'))) ?? deploy.onFailure,
    force: settings.boolean(at('force')) ?? deploy.force,
    prune: {
      enabled: settings.boolean(at('prune', 'enabled')) ?? prune.enabled,
      maxCount: settings.number(at('prune', 'maxCount')) ?? prune.maxCount,
      maxShare: settings.number(at('prune', 'maxShare')) ?? prune.maxShare,
    },
    ignoreFields: settings
      .items(at('ignoreFields'))
      .map((_, index) => fieldRuleAt(settings, at('ignoreFields', String(index)))),
    together: settings.list(at('together')).map(({ value }) => `/${value.replace(/^\/+|\/+$/g, '')}`),
  };
}

/** One rule that names fields of some jobs. */
export function fieldRuleAt(settings: Settings, at: string): FieldRule {
  const list = (name: string): string[] => settings.list(`${at}/${name}`).map(({ value }) => value);
  return { fields: list('fields'), jobs: list('jobs'), files: list('files') };
}
