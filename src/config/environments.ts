import { pointer } from '../domain/source/json.js';
import { httpAddress } from './address.js';
import type { EnvironmentConfig, SchedulerConfig } from './config.js';
import { DEFAULTS } from './defaults.js';
import { mirrorPolicy } from './mirrors.js';
import { rulePolicy, type Known } from './rule-policy.js';
import type { Settings, Sourced } from './settings.js';

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
  const { branch, deploy, prune } = DEFAULTS.environment;
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
    promote: { automatic: settings.list(at('promote', 'automatic')).map((tag) => tag.value) },
    mirror: mirrorPolicy(settings, (...rest) => at('mirror', ...rest)),
    deploy: {
      timeoutSeconds: settings.number(at('deploy', 'timeoutSeconds')) ?? deploy.timeoutSeconds,
      concurrency: settings.number(at('deploy', 'concurrency')) ?? deploy.concurrency,
      onFailure:
        settings.oneOf(['rollback', 'leave'], settings.text(at('deploy', 'onFailure'))) ?? deploy.onFailure,
      force: settings.boolean(at('deploy', 'force')) ?? deploy.force,
      prune: {
        enabled: settings.boolean(at('deploy', 'prune', 'enabled')) ?? prune.enabled,
        maxCount: settings.number(at('deploy', 'prune', 'maxCount')) ?? prune.maxCount,
        maxShare: settings.number(at('deploy', 'prune', 'maxShare')) ?? prune.maxShare,
      },
    },
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

/** What variables may say of a scheduler: `TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_URL`. */
const PER_SCHEDULER = ['URL', 'USER', 'PASSWORD', 'TOKEN'] as const;

function variableName(environment: string, scheduler: string, what: string): string {
  return `TOWLINE_ENVIRONMENT_${environment}_${scheduler}_${what}`.toUpperCase().replaceAll('-', '_');
}

async function schedulerConfig(
  settings: Settings,
  environment: string,
  name: string,
): Promise<SchedulerConfig> {
  const at = (...rest: string[]): string => pointer('environments', environment, 'schedulers', name, ...rest);
  const variable = (what: (typeof PER_SCHEDULER)[number]): string => variableName(environment, name, what);
  const user = settings.text(at('user'), variable('USER'));
  const password =
    settings.variable(variable('PASSWORD'))?.value ??
    (await settings.secret(settings.text(at('passwordFile'))));
  const token =
    settings.variable(variable('TOKEN'))?.value ?? (await settings.secret(settings.text(at('tokenFile'))));
  if (user !== undefined && password === undefined && settings.text(at('passwordFile')) === undefined)
    settings.problem(
      user.origin,
      'the user has no password',
      `Add passwordFile, or set ${variable('PASSWORD')}.`,
    );
  if (user === undefined && password !== undefined)
    settings.problem(
      { at: at() },
      'the password has no user',
      `Add user, or set ${variable('USER')}.`,
      'key',
    );
  const named = settings.names(at('settings')).flatMap((key) => {
    const value = settings.text(at('settings', key));
    return value === undefined ? [] : [[key, value.value] as const];
  });
  return {
    name,
    kind: settings.text(at('kind'))?.value ?? name,
    urls: urlsOf(settings, environment, name),
    ...(user === undefined ? {} : { user: user.value }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    settings: Object.fromEntries(named),
  };
}

function urlsOf(settings: Settings, environment: string, name: string): string[] {
  const at = (...rest: string[]): string => pointer('environments', environment, 'schedulers', name, ...rest);
  const variable = settings.variable(variableName(environment, name, 'URL'));
  const single = settings.text(at('url'));
  const given: Sourced<string>[] =
    variable !== undefined
      ? variable.value.split(',').map((url) => ({ value: url.trim(), origin: variable.origin }))
      : single !== undefined
        ? [single]
        : settings.list(at('urls'));
  const login = `Use user and passwordFile, or set ${variableName(environment, name, 'PASSWORD')}.`;
  return given.flatMap((url) => {
    const address = httpAddress(settings, url, { login });
    return address === undefined ? [] : [address];
  });
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
