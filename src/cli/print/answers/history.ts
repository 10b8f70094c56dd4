import picocolors from 'picocolors';
import { short } from '../../../domain/source/revision.js';
import type { HistoryEntry, HistoryJob } from '../../../queries/history.js';
import { writeLine, type Io } from '../../io.js';
import { plainText } from '../plain-text.js';
import { countsText } from './counts.js';

type Colors = ReturnType<typeof picocolors.createColors>;

/** Jobs that are shown of one entry; of more than that those that did not end well come first, and the rest is counted. */
const MOST_JOBS = 12;

export interface History {
  environment: string;
  /** The job that was asked for. */
  job?: string;
  entries: readonly HistoryEntry[];
}

/** Prints what was done, newest first; `narrowed`: less than everything was asked for. */
export function printHistory(
  { environment, job, entries }: History,
  { stdout }: Pick<Io, 'stdout'>,
  narrowed = false,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, `${colors.bold(environment)}${job === undefined ? '' : ` ${plainText(job)}`}`);
  if (entries.length === 0)
    writeLine(stdout, `  ${narrowed ? 'nothing like that is on record' : 'nothing is on record'}`);
  for (const entry of entries)
    for (const line of [headOf(entry, colors), ...moreOf(entry, colors)]) writeLine(stdout, line);
}

function headOf({ commit, at, subject, phase, trigger, by, endedLater }: HistoryEntry, colors: Colors) {
  const open = phase !== 'intent' ? '' : endedLater === true ? ' (ended later)' : ' (no end on record)';
  const who = plainText(phase === 'order' ? by : by === '' ? trigger : `${trigger} as ${by}`);
  const told = `${plainText(subject)}${colors.yellow(open)}`;
  return `  ${colors.yellow(short(commit))} ${at}  ${told}${who === '' ? '' : ` ${colors.dim(`by ${who}`)}`}`;
}

function moreOf({ phase, flags, reason, jobs }: HistoryEntry, colors: Colors): string[] {
  const allowed = flags.length === 0 ? [] : [plainText(`allowed for it: ${flags.join(', ')}`)];
  return [
    ...(reason === undefined ? [] : [`      ${plainText(reason)}`]),
    ...allowed.map((line) => `      ${colors.yellow(line)}`),
    // An order names its jobs in its subject.
    ...(phase === 'order' ? [] : jobLines(jobs, colors)),
  ];
}

function jobLines(jobs: readonly HistoryJob[], colors: Colors): string[] {
  const few = jobs.length <= MOST_JOBS;
  const ordered = few ? jobs : [...jobs].sort((a, b) => Number(endedWell(a)) - Number(endedWell(b)));
  const lines = ordered.slice(0, MOST_JOBS).map((job) => {
    const { ref, action, state, reason } = job;
    const how = endedWell(job) ? colors.green(state) : colors.red(plainText(state));
    const why = reason === undefined ? '' : `: ${plainText(reason)}`;
    return `      ${how} ${action === 'none' ? 'as it was' : plainText(action)} ${plainText(ref)}${why}`;
  });
  const rest = ordered.slice(MOST_JOBS).map(({ state }) => plainText(state));
  return few ? lines : [...lines, `      ${colors.dim(`and ${rest.length} more: ${countsText(rest)}`)}`];
}

function endedWell({ state }: HistoryJob): boolean {
  return state === 'applied';
}
