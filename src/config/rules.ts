import type { Diagnostic, Place } from '../domain/source/diagnostic.js';
import { pointer, type Pointer } from '../domain/source/json.js';
import type { Config } from './config.js';

type PlaceOf = (at: Pointer, part?: 'key' | 'value') => Place;

/** Rules that no schema can say. Their places point into the file. */
export function checkRules(config: Config, placeOf: PlaceOf): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const report = (at: Pointer, message: string, fix: string): void => {
    findings.push({ code: 'config/rule', severity: 'error', message, fix, place: placeOf(at) });
  };
  const bases = new Map<string, string>();
  const branches = new Map<string, string>();
  for (const { name, branch, folder, prefix, schedulers, ledgerBranch } of config.environments) {
    const at = (...rest: string[]): Pointer => pointer('environments', name, ...rest);
    const bad = branchProblem(branch);
    if (bad !== undefined)
      report(
        at('branch'),
        `"${branch}" is no branch name: ${bad}`,
        'Write the short name, for example main.',
      );
    if (folder.split('/').some((part) => part === '..' || part === '.' || (part === '' && folder !== '')))
      report(
        at('folder'),
        `"${folder}" is no folder of the repository`,
        'Write it from the root, for example environments/production.',
      );
    const base = prefix ?? `${config.consul.prefix}${name}/`;
    claim(bases, base, name, at('prefix'), 'the KV prefix', report);
    claim(branches, ledgerBranch, name, pointer('ledger', 'branch'), 'the ledger branch', report);
    const badLedger = branchProblem(ledgerBranch);
    if (badLedger !== undefined)
      report(
        pointer('ledger', 'branch'),
        `"${ledgerBranch}" is no branch name: ${badLedger}`,
        'For example: ledger/{environment}',
      );
    if (ledgerBranch === branch)
      report(at('branch'), 'the ledger must have a branch of its own', 'For example: ledger/{environment}');
    for (const { name: scheduler, kind, urls } of schedulers) {
      const here = at('schedulers', scheduler);
      if (kind !== 'marathon' && kind !== 'chronos')
        report(
          here,
          `"${scheduler}" does not say what it is`,
          'Name it marathon or chronos, or add kind: marathon.',
        );
      for (const url of urls) {
        if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
          report(here, `"${url}" is no HTTP address`, 'Write it as http://HOST:PORT.');
        else if (new URL(url).password !== '')
          report(here, 'the address holds a password', 'Use user and passwordFile.');
      }
    }
  }
  return findings;
}

function claim(
  taken: Map<string, string>,
  value: string,
  name: string,
  at: Pointer,
  what: string,
  report: (at: Pointer, message: string, fix: string) => void,
): void {
  const other = taken.get(value);
  if (other === undefined) taken.set(value, name);
  else report(at, `${what} "${value}" is used by ${other} as well`, 'Give each environment its own.');
}

/** Why git would refuse a branch name, by the rules of git-check-ref-format; undefined where it would not. */
export function branchProblem(name: string): string | undefined {
  if (name.startsWith('-')) return 'it begins with "-"';
  if (name.startsWith('refs/')) return 'it is a full ref';
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name))
    return 'it holds a space, a control character or one of ~^:?*[\\';
  if (name.includes('..') || name.includes('@{') || name.includes('//')) return 'it holds "..", "@{" or "//"';
  if (name === '@' || name === '' || name.startsWith('/') || name.endsWith('/') || name.endsWith('.'))
    return 'its first or last character is not allowed';
  if (name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock')))
    return 'a part begins with "." or ends with ".lock"';
  return undefined;
}
