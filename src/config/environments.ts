import { pointer } from '../domain/source/json.js';
import type { EnvironmentConfig, SchedulerConfig } from './config.js';
import { DEFAULTS } from './defaults.js';
import { deployConfig } from './deploy.js';
import { gatesConfig } from './gates.js';
import { mirrorPolicy } from './mirrors.js';
import { promoteConfig } from './promote.js';
import { rulePolicy, type Known } from './rule-policy.js';
import { PER_SCHEDULER, schedulerConfig, variableName } from './schedulers.js';
import type { Settings } from './settings.js';

/** All environments of the file, with what variables say of their schedulers. */
export async function environmentConfigs(settings: Settings, known: Known): Promise<EnvironmentConfig[]> {
  const ledger = settings.text('/ledger/branch', 'TOWLINE_LEDGER_BRANCH')?.value ?? DEFAULTS.ledger.branch;
  const environments: EnvironmentConfig[] = [];
  for (const name of settings.names('/environments'))
    environments.push({
      ...(await environmentConfig(settings, name, ledger)),
      rules: await rulePolicy(settings, name, known),
    });
  checkVariables(settings, environments);
  return environments;
}

async function environmentConfig(
  settings: Settings,
  name: string,
  ledger: string,
): Promise<Omit<EnvironmentConfig, 'rules'>> {
  const at = (...rest: string[]): string => pointer('environments', name, ...rest);
  const { branch } = DEFAULTS.environment;
  const prefix = settings.text(at('prefix'))?.value;
  const schedulers: SchedulerConfig[] = [];
  for (const scheduler of settings.names(at('schedulers')))
    schedulers.push(await schedulerConfig(settings, name, scheduler));
  return {
    name,
    branch: settings.text(at('branch'))?.value ?? branch,
    layers: layersOf(settings, name),
    ...(prefix === undefined ? {} : { prefix }),
    schedulers,
    promote: await promoteConfig(settings, name),
    mirror: mirrorPolicy(settings, (...rest) => at('mirror', ...rest)),
    deploy: deployConfig(settings, (...rest) => at('deploy', ...rest)),
    gates: gatesConfig(settings, name),
    ledgerBranch: ledger.replaceAll('{environment}', name),
  };
}

/** The folders of an environment: `layers`, or the one of `folder`. */
function layersOf(settings: Settings, name: string): string[] {
  const layers = settings.list(pointer('environments', name, 'layers')).map(({ value }) => value);
  const { folder } = DEFAULTS.environment;
  const single = settings.text(pointer('environments', name, 'folder'))?.value ?? folder;
  return (layers.length === 0 ? [single] : layers).map((each) => each.replace(/^\/+|\/+$/g, ''));
}

/** A misspelt variable would leave a worker with the wrong server: it is an error, as is one that could mean two things. */
function checkVariables(settings: Settings, environments: readonly EnvironmentConfig[]): void {
  const owners = new Map<string, number>();
  for (const { name, schedulers } of environments)
    for (const scheduler of schedulers)
      for (const what of PER_SCHEDULER) {
        const variable = variableName(name, scheduler.name, what);
        owners.set(variable, (owners.get(variable) ?? 0) + 1);
      }
  for (const name of settings.variables.filter((each) => each.startsWith('TOWLINE_ENVIRONMENT_'))) {
    const count = owners.get(name) ?? 0;
    if (count > 1)
      settings.problem(
        { name },
        'it fits more than one scheduler',
        'Rename one of the environments or schedulers.',
      );
    else if (
      count === 0 &&
      environments.some((e) => name.startsWith(variableName(e.name, '', '').slice(0, -1)))
    )
      settings.problem({ name }, 'there is no such setting', `Known are: ${[...owners.keys()].join(', ')}.`);
  }
}
