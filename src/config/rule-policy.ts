import { didYouMean } from '../domain/job/validate/did-you-mean.js';
import {
  isChangeable,
  type IgnoredFindings,
  type RuleLevel,
  type RulePolicy,
} from '../domain/job/validate/rule-policy.js';
import { pointer } from '../domain/source/json.js';
import { policiesOf, policyCodes } from './policies.js';
import { RULE_LEVELS } from './defaults.js';
import type { Origin, Settings } from './settings.js';

/** What the names in the configuration may be; undefined: they are not checked. */
export interface Known {
  /** Ids of all rules for manifests. */
  ruleCodes?: readonly string[];
  /** Kinds of jobs, in the words of their schedulers. */
  jobKinds?: readonly string[];
}

/** The rules of the file, then those of the environment, which win. */
export async function rulePolicy(
  settings: Settings,
  environment: string,
  { ruleCodes: codes, jobKinds }: Known = {},
): Promise<RulePolicy> {
  const known = codes === undefined ? undefined : [...codes, ...policyCodes(settings)];
  const levels: Record<string, RuleLevel> = {};
  const ignored: IgnoredFindings[] = [];
  for (const base of ['', pointer('environments', environment)]) {
    for (const code of settings.names(`${base}/rules`)) {
      const at = `${base}${pointer('rules', code)}`;
      const level = settings.oneOf(RULE_LEVELS, settings.text(at));
      if (level !== undefined && isGood(code, { at }, settings, known)) levels[code] = level;
    }
    for (const [index] of settings.items(`${base}/ignore`).entries()) {
      const at = (name: string): string => `${base}${pointer('ignore', String(index), name)}`;
      const rule = settings.text(at('rule'));
      const reason = settings.text(at('reason'));
      if (rule === undefined || reason === undefined) continue;
      if (isGood(rule.value, rule.origin, settings, known))
        ignored.push({
          rule: rule.value,
          files: settings.list(at('files')).map(({ value }) => value),
          reason: reason.value,
        });
    }
  }
  return { levels, ignored, policies: await policiesOf(settings, environment, jobKinds) };
}

/** A misspelt rule would silently change nothing. */
function isGood(code: string, origin: Origin, settings: Settings, known?: readonly string[]): boolean {
  if (!isChangeable(code)) {
    settings.problem(
      origin,
      `${code} can't be changed: without it there is no job to speak of`,
      'Remove it.',
      'key',
    );
    return false;
  }
  if (known === undefined || known.includes(code)) return true;
  const meant = didYouMean(code, known);
  settings.problem(
    origin,
    `there is no rule "${code}"`,
    meant === undefined ? 'docs/rules.md lists them all.' : `Did you mean "${meant}"?`,
    'key',
  );
  return false;
}
