import { pointer } from '../domain/source/json.js';
import type { Config, EnvironmentConfig } from './config.js';
import { checkGates } from './gates.js';
import { branchesClash, branchProblem, folderProblem, prefixProblem } from './names.js';
import type { Settings } from './settings.js';

/** Rules that no schema can say: names that git and Consul refuse, and environments that get in each other's way. */
export function checkRules(config: Config, settings: Settings, kinds: readonly string[]): void {
  const prefix = settings.text('/consul/prefix', 'TOWLINE_CONSUL_PREFIX');
  const badPrefix = prefixProblem(config.consul.prefix);
  if (badPrefix !== undefined && prefix !== undefined)
    settings.problem(prefix.origin, `it is no KV prefix: ${badPrefix}`, 'For example: towline/');
  for (const environment of config.environments) {
    checkNames(environment, settings);
    checkSchedulers(environment, settings, kinds);
  }
  // The repository of a source has hooks and nothing to deploy.
  if (
    config.environments.length + config.mirrors.length === 0 &&
    config.file !== undefined &&
    settings.value('/hooks') === undefined
  )
    settings.problem(
      { at: '' },
      'it names no environments, no mirrors and no hooks',
      'towline init writes one that does.',
    );
  checkLedger(config, settings);
  checkBases(config, settings);
  checkMirrors(config, settings);
  checkGates(settings);
}

/** Where an environment keeps its keys, with a slash at the end. */
function baseOf({ name, prefix }: EnvironmentConfig, root: string): string {
  return prefix === undefined ? `${root}${name}/` : prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** Plain configuration never lies where Towline, or an environment, keeps its own keys. */
function checkMirrors({ mirrors, environments, consul, repository }: Config, settings: Settings): void {
  const taken = [consul.prefix, ...environments.map((environment) => baseOf(environment, consul.prefix))];
  for (const { name, prefix } of mirrors) {
    const own = prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`;
    const within = taken.find((each) => own.startsWith(each));
    if (within !== undefined)
      settings.problem(
        { at: pointer('mirrors', name, 'prefix') },
        `its keys would lie among those of Towline ("${within}")`,
        'Choose a prefix outside of consul.prefix and of the environments.',
      );
  }
  if (repository.remote?.history === 'tip')
    settings.problem(
      { at: pointer('remotes', repository.remote.name, 'history') },
      'the job repository is needed with its history',
      'Remove history, or give the mirrors a remote of their own.',
    );
}

const at = ({ name }: EnvironmentConfig, ...rest: string[]): { at: string } => ({
  at: pointer('environments', name, ...rest),
});

function checkNames(environment: EnvironmentConfig, settings: Settings): void {
  const { branch, prefix } = environment;
  const badBranch = branchProblem(branch);
  if (badBranch !== undefined)
    settings.problem(
      at(environment, 'branch'),
      `"${branch}" is no branch name: ${badBranch}`,
      'Write the short name, for example main.',
    );
  checkLayers(environment, settings);
  const badPrefix = prefix === undefined ? undefined : prefixProblem(prefix);
  if (badPrefix !== undefined)
    settings.problem(
      at(environment, 'prefix'),
      `it is no KV prefix: ${badPrefix}`,
      'For example: shop/production/',
    );
}

/** Layers are mirrored side by side: a folder is in one of them only. */
function checkLayers(environment: EnvironmentConfig, settings: Settings): void {
  const { layers } = environment;
  const listed = settings.items(at(environment, 'layers').at).length > 0;
  const named = settings.text(at(environment, 'folder').at);
  if (listed && named !== undefined)
    settings.problem(
      named.origin,
      'folder and layers exclude each other',
      'Name the folder as the first or only layer.',
      'key',
    );
  for (const [index, folder] of layers.entries()) {
    const origin = listed ? at(environment, 'layers', String(index)) : at(environment, 'folder');
    const bad = folderProblem(folder);
    if (bad !== undefined) {
      settings.problem(
        origin,
        `"${folder}" is no folder of the repository: ${bad}`,
        listed
          ? 'Write it from the root, for example environments/production.'
          : "Write it from the root, for example environments/production; '' is the root.",
      );
      continue;
    }
    const other = layers
      .slice(0, index)
      .find((each) => each === '' || folder === '' || branchesClash(each, folder));
    if (other !== undefined)
      settings.problem(
        origin,
        other === folder
          ? `"${folder}" is a layer twice`
          : `"${folder}" and "${other}" overlap: one layer is a folder of the other`,
        'Keep layers side by side, for example base and environments/production.',
      );
  }
}

function checkSchedulers(environment: EnvironmentConfig, settings: Settings, kinds: readonly string[]): void {
  for (const { name, kind } of environment.schedulers) {
    if (kinds.includes(kind)) continue;
    const given = settings.text(at(environment, 'schedulers', name, 'kind').at);
    const known = kinds.join(' or ');
    if (given !== undefined)
      settings.problem(given.origin, `there is no kind of scheduler "${kind}"`, `Write ${known}.`);
    else
      settings.problem(
        at(environment, 'schedulers', name),
        `"${name}" does not say what it is`,
        `Name it ${known}, or add kind: ${kinds[0] ?? ''}.`,
        'key',
      );
  }
}

/** A ledger has a branch of its own, which no other branch stands in the way of. */
function checkLedger({ environments }: Config, settings: Settings): void {
  const fix = 'For example: ledger/{environment}';
  const setting = settings.text('/ledger/branch', 'TOWLINE_LEDGER_BRANCH');
  const origin = setting?.origin ?? { at: '/ledger/branch' };
  const seen: EnvironmentConfig[] = [];
  const blamed = new Set<EnvironmentConfig>();
  for (const environment of environments) {
    const { ledgerBranch, name } = environment;
    const bad = /[{}]/.test(ledgerBranch) ? 'only {environment} is filled in' : branchProblem(ledgerBranch);
    if (bad !== undefined)
      return settings.problem(origin, `"${ledgerBranch}" is no branch name: ${bad}`, fix);
    const other = seen.find((each) => branchesClash(each.ledgerBranch, ledgerBranch));
    if (other !== undefined)
      settings.problem(
        origin,
        `${other.name} and ${name} can't both keep their ledger on "${ledgerBranch}"`,
        fix,
      );
    const source = environments.find((each) => branchesClash(each.branch, ledgerBranch));
    if (source !== undefined && !blamed.has(source))
      settings.problem(
        at(source, 'branch'),
        `the branch "${source.branch}" and the ledger's branch "${ledgerBranch}" get in each other's way`,
        'Give the ledger a branch of its own: ledger.branch.',
      );
    if (source !== undefined) blamed.add(source);
    seen.push(environment);
  }
}

/** No environment may write where another one, or Towline itself, keeps its keys. */
function checkBases({ environments, consul }: Config, settings: Settings): void {
  const base = (environment: EnvironmentConfig): string => baseOf(environment, consul.prefix);
  for (const [index, environment] of environments.entries()) {
    const own = base(environment);
    const origin = at(environment, ...(environment.prefix === undefined ? [] : ['prefix']));
    for (const reserved of ['releases/', 'locks/'])
      if (own.startsWith(consul.prefix + reserved))
        settings.problem(
          origin,
          `its KV prefix "${own}" is where Towline keeps its ${reserved.slice(0, -1)}`,
          'Give it another name or prefix.',
          environment.prefix === undefined ? 'key' : 'value',
        );
    for (const other of environments.slice(0, index)) {
      const others = base(other);
      const inside = ['config/', 'status/'].some(
        (part) => own.startsWith(others + part) || others.startsWith(own + part),
      );
      if (own === others || inside)
        settings.problem(
          origin,
          `its KV prefix "${own}" ${inside ? 'overlaps with' : 'is also'} that of ${other.name}${inside ? ` ("${others}")` : ''}`,
          'Give each environment a prefix of its own.',
          environment.prefix === undefined ? 'key' : 'value',
        );
    }
  }
}
