import picocolors from 'picocolors';
import type { Change, Plan } from '../../domain/plan/plan.js';
import { counted } from '../../domain/source/one-line.js';
import { short } from '../../domain/source/revision.js';
import { printDecisions } from './gates.js';
import { writeLine, type Io } from '../io.js';
import { plainText, valueText, visibleText } from './plain-text.js';

const MARKS: Record<
  Change['action'],
  { mark: string; color: 'green' | 'yellow' | 'red' | 'dim' | 'magenta' }
> = {
  create: { mark: '+', color: 'green' },
  update: { mark: '~', color: 'yellow' },
  scale: { mark: '~', color: 'yellow' },
  restart: { mark: '~', color: 'yellow' },
  trigger: { mark: '>', color: 'yellow' },
  kill: { mark: 'x', color: 'yellow' },
  delete: { mark: '-', color: 'red' },
  blocked: { mark: '!', color: 'magenta' },
  none: { mark: ' ', color: 'dim' },
};

/** Who made a difference; that Git did goes without saying. */
const BY = { git: '', hand: '  changed by hand', both: '  changed in Git and by hand' } as const;

/** Fields shown of one change; the rest is counted. */
const MOST_FIELDS = 12;
const MOST_OF_VALUE = 80;

/** Prints a plan for people: each change with its reason, what it does there, and the fields that differ. */
export function printPlan(plan: Plan, { stdout }: Pick<Io, 'stdout'>): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, `${colors.bold(plan.environment)} at ${short(plan.revision)} (plan ${plan.id})`);
  const shown = plan.changes.filter((c) => c.action !== 'none' || c.unresolved);
  const held = heldTogether(shown);
  for (const change of shown) if (!held.has(change.reason)) printChange(change, stdout, colors);
  for (const [reason, refs] of held) {
    writeLine(
      stdout,
      `  ${colors.magenta('! blocked')} ${refs.length} jobs: ${refs.slice(0, 4).map(plainText).join(', ')}, ...`,
    );
    writeLine(stdout, `      ${colors.dim(visibleText(reason))}`);
  }
  printDecisions(plan.decisions, stdout, colors);
  writeLine(
    stdout,
    shown.length === 0
      ? `  ${colors.green('nothing to do')}: ${counted(count(plan, 'none'), 'job is', 'jobs are')} as in Git`
      : `  ${planSummary(plan)}`,
  );
}

/** Many jobs that are held for one and the same reason are one line, not a page. */
function heldTogether(changes: readonly Change[]): Map<string, string[]> {
  const byReason = new Map<string, string[]>();
  for (const { action, reason, ref } of changes)
    if (action === 'blocked') byReason.set(reason, [...(byReason.get(reason) ?? []), ref]);
  return new Map([...byReason].filter(([, refs]) => refs.length > 4));
}

function printChange(
  change: Change,
  stdout: Io['stdout'],
  colors: ReturnType<typeof picocolors.createColors>,
): void {
  const { mark, color } = MARKS[change.action];
  const wanted = change.action === 'blocked' && change.wanted !== undefined ? ` (${change.wanted})` : '';
  const file = change.desired === undefined ? '' : colors.dim(`  ${visibleText(change.desired.source.file)}`);
  writeLine(
    stdout,
    `  ${colors[color](`${mark} ${change.action}${wanted}`)} ${colors.bold(plainText(change.ref))}${file}`,
  );
  const why = [change.reason, change.effect].filter((text) => text !== undefined && text !== '').join('; ');
  writeLine(stdout, `      ${colors.dim(visibleText(why))}`);
  for (const { pointer, before, after, by } of change.fields.slice(0, MOST_FIELDS))
    writeLine(
      stdout,
      `      ${plainText(pointer) || '/'}: ${colors.red(valueText(before, MOST_OF_VALUE))} -> ${colors.green(valueText(after, MOST_OF_VALUE))}${colors.dim(BY[by ?? 'git'])}`,
    );
  const more = change.fields.length - MOST_FIELDS;
  if (more > 0) writeLine(stdout, `      ${colors.dim(`and ${more} more fields`)}`);
  for (const { pointer, before, after } of change.elsewhere ?? [])
    writeLine(
      stdout,
      `      ${colors.dim(`${plainText(pointer) || '/'}: ${valueText(before, MOST_OF_VALUE)} stays, as it is left to others; Git states ${valueText(after, MOST_OF_VALUE)}`)}`,
    );
}

/** `2 to create, 1 held, 14 as in Git`. */
export function planSummary(plan: Plan): string {
  const actions: Change['action'][] = [
    'create',
    'update',
    'scale',
    'restart',
    'trigger',
    'kill',
    'delete',
    'blocked',
    'none',
  ];
  const words = {
    create: 'to create',
    update: 'to update',
    scale: 'to scale',
    restart: 'to restart',
    trigger: 'to run',
    kill: 'to end',
    delete: 'to delete',
    blocked: 'held',
    none: 'as in Git',
  };
  return actions
    .flatMap((action) => (count(plan, action) === 0 ? [] : `${count(plan, action)} ${words[action]}`))
    .join(', ');
}

function count(plan: Plan, action: Change['action']): number {
  return plan.changes.filter((c) => c.action === action).length;
}

/** The plan as tools get it: everything but the validated documents' inner helpers. */
export function planJson(plan: Plan): unknown {
  return {
    ...plan,
    changes: plan.changes.map(({ desired, live, ...change }) => ({
      ...change,
      ...(desired === undefined ? {} : { file: desired.source.file, desired: desired.spec }),
      ...(live?.version === undefined ? {} : { liveVersion: live.version }),
    })),
  };
}
