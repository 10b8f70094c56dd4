import picocolors from 'picocolors';
import { localText, msOf, utcText } from '../../domain/plan/gates/local-time.js';
import type { GateDecision } from '../../domain/plan/policy.js';
import { counted } from '../../domain/source/one-line.js';
import { short } from '../../domain/source/revision.js';
import type { GateReport, GateState } from '../../queries/gates.js';
import { writeLine, type Io } from '../io.js';
import { plainText } from './plain-text.js';

type Color = 'green' | 'yellow' | 'magenta' | 'dim';
const COLORS: Record<GateState['state'], Color> = {
  open: 'green',
  closed: 'yellow',
  held: 'magenta',
  passed: 'green',
  overridden: 'yellow',
};

/** Jobs named of one gate; the rest is counted. */
const MOST_JOBS = 4;

/** Every gate with its state: what it holds, when it opens, in its own zone and in UTC, and what can be done about it. */
export function printGates({ environment, plan, gates }: GateReport, { stdout }: Pick<Io, 'stdout'>): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const at = plan === undefined ? 'nothing was mirrored yet' : `at ${short(plan.revision)} (plan ${plan.id})`;
  writeLine(stdout, `${colors.bold(environment)} ${at}`);
  for (const { gate, name, state, refs, ...more } of gates) {
    const jobs = refs.length === 0 ? '' : `  ${jobsText(refs)}`;
    writeLine(
      stdout,
      `  ${colors[COLORS[state]](state.padEnd(10))}  ${gate} ${colors.bold(plainText(name))}${jobs}`,
    );
    for (const line of linesOf(more)) writeLine(stdout, `              ${colors.dim(line)}`);
  }
}

function linesOf({ reason, opensAt, closesAt, zone, todo }: Partial<GateState>): string[] {
  return [
    ...(reason === undefined ? [] : [plainText(reason)]),
    ...(opensAt === undefined ? [] : [`opens ${momentText(opensAt, zone)}`]),
    ...(closesAt === undefined ? [] : [`closes ${momentText(closesAt, zone)}`]),
    ...(todo === undefined ? [] : [`to do: ${plainText(todo)}`]),
  ];
}

/** `Mon 2026-03-30 08:00 Europe/Berlin (2026-03-30T06:00:00Z)`. */
function momentText(iso: string, zone: string | undefined): string {
  const ms = msOf(iso);
  if (Number.isNaN(ms)) return plainText(iso);
  return zone === undefined ? utcText(ms) : `${localText(ms, zone)} (${utcText(ms)})`;
}

function jobsText(refs: readonly string[]): string {
  const more = refs.length > MOST_JOBS ? `, and ${refs.length - MOST_JOBS} more` : '';
  return `${refs.slice(0, MOST_JOBS).map(plainText).join(', ')}${more}`;
}

/** What gates said of a plan, a line for each. */
export function printDecisions(
  decisions: readonly GateDecision[],
  stdout: Io['stdout'],
  colors: ReturnType<typeof picocolors.createColors>,
): void {
  for (const { gate, name, verdict, refs, reason, opensAt } of decisions) {
    const jobs = counted(refs.length, 'job');
    const opens = opensAt === undefined ? '' : ` (${momentText(opensAt, undefined)})`;
    writeLine(
      stdout,
      `  ${colors[COLORS[verdict]](`${verdict} by ${gate}`)} ${colors.bold(plainText(name))}, ${jobs}: ${plainText(reason)}${opens}`,
    );
  }
}
