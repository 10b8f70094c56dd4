import picocolors from 'picocolors';
import type { DecisionDiff } from '../../domain/record/plan/decision-diff.js';
import type { JsonObject } from '../../domain/source/json.js';
import { short } from '../../domain/source/revision.js';
import type { Replay, ReplayFinding } from '../../queries/replay.js';
import { writeLine, type Io } from '../io.js';
import { visibleText, valueText } from './plain-text.js';

/** Differences that are shown of one plan; the rest is counted. */
const MOST_DIFFERENCES = 20;

/** Prints how the plans of a ledger came out when they were made again. */
export function printReplay(replay: Replay, { stdout }: Pick<Io, 'stdout'>): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const { environment, plans, equal, different, notKept, refused, findings } = replay;
  writeLine(stdout, colors.bold(environment));
  for (const finding of findings) {
    writeLine(stdout, `  ${colors.yellow(nameOf(finding))} ${finding.at}  ${said(finding)}`);
    const { differences = [] } = finding;
    for (const each of differences.slice(0, MOST_DIFFERENCES)) {
      writeLine(stdout, `      ${each.about === 'change' ? '' : `${each.about} `}${visibleText(each.name)}`);
      writeLine(stdout, `          then ${colors.red(decisionText(each, each.before))}`);
      writeLine(stdout, `          now  ${colors.green(decisionText(each, each.now))}`);
    }
    const more = differences.length - MOST_DIFFERENCES;
    if (more > 0) writeLine(stdout, `      ${colors.dim(`and ${more} more differences`)}`);
  }
  const counts = [
    `${equal} the same`,
    ...(different === 0 ? [] : [colors.red(`${different} different`)]),
    ...(notKept === 0 ? [] : [`${notKept} of which only a digest is on record`]),
    ...(refused === 0 ? [] : [colors.red(`${refused} that can't be made again`)]),
  ];
  writeLine(stdout, plans === 0 ? '  no plan is on record' : `  ${plans} plans: ${counts.join(', ')}`);
}

function nameOf({ sequence, commit }: ReplayFinding): string {
  return `${sequence === 0 ? '' : `#${sequence} `}${short(commit)}`;
}

function said({ kind, reason, revision }: ReplayFinding): string {
  if (kind === 'not-kept') return 'what it was made of is not kept';
  if (kind === 'refused') return `can't be made again: ${visibleText(reason ?? '')}`;
  return `the plan of ${short(revision)} is another one now`;
}

/** `update: changed in Git`, and the members that differ where that is not all. */
function decisionText({ about, members }: DecisionDiff, decision: JsonObject | undefined): string {
  if (decision === undefined) return about === 'plan' ? 'the same changes in another order' : 'nothing';
  if (about === 'plan') return members.map((name) => valueText(decision[name], 80)).join(', ');
  const { action, wanted, verdict, reason } = decision;
  const head = [action ?? verdict, ...(wanted === undefined ? [] : [`(${String(wanted)})`])].join(' ');
  const others = members.filter((name) => !['action', 'wanted', 'verdict', 'reason'].includes(name));
  const rest = others.map((name) => `; ${name} ${valueText(decision[name], 80)}`).join('');
  return visibleText(`${head}: ${String(reason)}${rest}`);
}
