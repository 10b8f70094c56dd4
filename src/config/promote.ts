import { readRule, type PromoteRule, type ReadRule } from '../domain/release/policy.js';
import { pointer } from '../domain/source/json.js';
import type { PromoteConfig } from './config.js';
import { DEFAULTS, PROMOTE_PINS, PROMOTE_VIAS } from './defaults.js';
import type { Settings } from './settings.js';
import { forgeAt } from './token-address.js';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Which releases come into an environment, and how. */
export async function promoteConfig(settings: Settings, environment: string): Promise<PromoteConfig> {
  const base = pointer('environments', environment, 'promote');
  const from = fromAt(settings, base, environment);
  const forge = await forgeAt(settings, `${base}/forge`, 'PROMOTE');
  const via = settings.oneOf(PROMOTE_VIAS, settings.text(`${base}/via`)) ?? DEFAULTS.promote.via;
  if (via === 'merge-request' && forge === undefined && settings.value(`${base}/forge`) === undefined)
    settings.problem(
      { at: `${base}/via` },
      'no forge is named where merge requests are made',
      'Add forge: { kind, url, project, tokenFile }, or use push-options (GitLab).',
    );
  return {
    automatic: rulesAt(settings, `${base}/automatic`),
    ...(from === undefined ? {} : { from }),
    pin: settings.oneOf(PROMOTE_PINS, settings.text(`${base}/pin`)) ?? DEFAULTS.promote.pin,
    via,
    ...(forge === undefined ? {} : { forge }),
  };
}

function rulesAt(settings: Settings, at: string): ReadRule[] {
  return settings.items(at).flatMap((item, index) => {
    const rule = typeof item === 'string' ? { tag: item } : ruleAt(settings, `${at}/${index}`);
    const read = readRule(rule);
    if (!('message' in read)) return [read];
    settings.problem({ at: `${at}/${index}/${read.at}` }, read.message, FIXES[read.at]);
    return [];
  });
}

const FIXES = {
  semver: 'Write it as npm does: ^1.2, ~1.2.3, 1.x, >=1.2 <2, 1.2 - 1.4, and || between alternatives.',
  match: 'Write it as JavaScript does; it has to fit the whole tag.',
};

function ruleAt(settings: Settings, at: string): PromoteRule {
  const rule: PromoteRule = {};
  for (const member of ['images', 'tag', 'semver', 'match', 'branch'] as const) {
    const value = settings.text(`${at}/${member}`)?.value;
    if (value !== undefined) rule[member] = value;
  }
  for (const member of ['newest', 'manual'] as const)
    if (settings.boolean(`${at}/${member}`) === true) rule[member] = true;
  return rule;
}

function fromAt(settings: Settings, base: string, environment: string): PromoteConfig['from'] {
  const from = settings.text(`${base}/from`);
  const healthyFor = settings.text(`${base}/healthyFor`);
  if (from === undefined) {
    if (healthyFor !== undefined)
      settings.problem(healthyFor.origin, 'it says how long, and not where', 'Add from: ENVIRONMENT.');
    return undefined;
  }
  if (from.value === environment || !settings.names('/environments').includes(from.value))
    settings.problem(
      from.origin,
      `there is no other environment "${from.value}"`,
      `Name one of: ${settings
        .names('/environments')
        .filter((name) => name !== environment)
        .join(', ')}.`,
    );
  const [, count, unit = ''] =
    /^([0-9]+)([smhd])$/.exec(healthyFor?.value ?? DEFAULTS.promote.healthyFor) ?? [];
  return { environment: from.value, healthyForMs: Number(count) * (UNITS[unit] ?? Number.NaN) };
}
