import { isProblem, readWindow } from '../domain/plan/gates/windows.js';
import type { ApprovalRule, FreezeRule } from '../domain/plan/policy.js';
import { pointer } from '../domain/source/json.js';
import type { GatesConfig } from './config.js';
import { DEFAULTS, GATED_ACTIONS } from './defaults.js';
import type { Settings } from './settings.js';

/** The gates of an environment: of each part what the environment states, else what the file states for all. */
export function gatesConfig(settings: Settings, environment: string): GatesConfig {
  const own = pointer('environments', environment, 'gates');
  const at = (part: string): string =>
    settings.value(`${own}/${part}`) === undefined ? `/gates/${part}` : `${own}/${part}`;
  const radius = radiusAt(settings, at('radius'));
  const glass = DEFAULTS.gates.breakGlass;
  return {
    freezes: rulesAt(settings, at('freezes'), (base) => freezeAt(settings, base)),
    approvals: rulesAt(settings, at('approvals'), (base) => approvalAt(settings, base)),
    ...(radius === undefined ? {} : { radius }),
    breakGlass: {
      from: texts(settings, `${at('breakGlass')}/from`),
      signed: settings.boolean(`${at('breakGlass')}/signed`) ?? glass.signed,
      maxMinutes: settings.number(`${at('breakGlass')}/maxMinutes`) ?? glass.maxMinutes,
    },
  };
}

/** Rules that no schema can say, of the whole file: each finding once, whichever environments it is for. */
export function checkGates(settings: Settings): void {
  const bases = ['', ...settings.names('/environments').map((name) => pointer('environments', name))];
  for (const base of bases) {
    for (const list of ['freezes', 'approvals']) checkNames(settings, `${base}/gates/${list}`);
    for (const [index] of settings.items(`${base}/gates/freezes`).entries())
      checkWindow(settings, `${base}/gates/freezes/${index}`);
    for (const [index] of settings.items(`${base}/gates/approvals`).entries())
      checkPeople(settings, `${base}/gates/approvals/${index}`);
  }
}

/** Decisions name their rule: there must be one of that name only. */
function checkNames(settings: Settings, at: string): void {
  const seen = new Set<string>();
  for (const [index] of settings.items(at).entries()) {
    const name = settings.text(`${at}/${index}/name`);
    if (name === undefined) continue;
    if (seen.has(name.value))
      settings.problem(name.origin, `there are two of the name "${name.value}"`, 'Rename one of them.');
    seen.add(name.value);
  }
}

function checkWindow(settings: Settings, at: string): void {
  const freeze = freezeAt(settings, at);
  const read = freeze === undefined ? undefined : readWindow(freeze);
  if (read !== undefined && isProblem(read))
    settings.problem({ at: `${at}/${read.at}` }, read.message, read.fix);
}

/** A rule that nobody could ever satisfy. */
function checkPeople(settings: Settings, at: string): void {
  const may = new Set(texts(settings, `${at}/from`).map((name) => name.toLowerCase()));
  const required = settings.number(`${at}/required`) ?? DEFAULTS.gates.approval.required;
  if (may.size > 0 && may.size < required)
    settings.problem(
      { at: `${at}/from` },
      `${required} approvals are needed, and only ${may.size} may give one`,
      'Name more people, or require fewer.',
    );
}

function rulesAt<T>(settings: Settings, at: string, read: (base: string) => T | undefined): T[] {
  return settings.items(at).flatMap((_, index) => {
    const rule = read(`${at}/${index}`);
    return rule === undefined ? [] : [rule];
  });
}

function freezeAt(settings: Settings, at: string): FreezeRule | undefined {
  const [name, from, to, zone] = ['name', 'from', 'to', 'zone'].map(
    (member) => settings.text(`${at}/${member}`)?.value,
  );
  if (name === undefined || from === undefined || to === undefined || zone === undefined) return undefined;
  return { name, from, to, zone, jobs: texts(settings, `${at}/jobs`) };
}

function approvalAt(settings: Settings, at: string): ApprovalRule | undefined {
  const name = settings.text(`${at}/name`)?.value;
  if (name === undefined) return undefined;
  const { approval } = DEFAULTS.gates;
  const actions = texts(settings, `${at}/actions`);
  return {
    name,
    required: settings.number(`${at}/required`) ?? approval.required,
    from: texts(settings, `${at}/from`),
    authorMayApprove: settings.boolean(`${at}/authorMayApprove`) ?? approval.authorMayApprove,
    signed: settings.boolean(`${at}/signed`) ?? approval.signed,
    jobs: texts(settings, `${at}/jobs`),
    actions: GATED_ACTIONS.filter((action) => actions.includes(action)),
    minChanges: settings.number(`${at}/minChanges`) ?? approval.minChanges,
  };
}

function radiusAt(settings: Settings, at: string): GatesConfig['radius'] {
  if (settings.value(at) === undefined) return undefined;
  const { radius } = DEFAULTS.gates;
  return {
    maxCount: settings.number(`${at}/maxCount`) ?? radius.maxCount,
    maxShare: settings.number(`${at}/maxShare`) ?? radius.maxShare,
  };
}

function texts(settings: Settings, at: string): string[] {
  return settings.list(at).map(({ value }) => value);
}
