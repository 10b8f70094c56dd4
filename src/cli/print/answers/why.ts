import picocolors from 'picocolors';
import type { JobOfPass, WhyAnswer, WhyLink } from '../../../queries/why/index.js';
import { writeLine, type Io } from '../../io.js';
import { plainText } from '../plain-text.js';
import { countsText } from './counts.js';

const WORDS: Record<WhyLink['link'], string> = {
  task: 'runs as task',
  version: 'of version',
  deployment: 'by deployment',
  ledger: 'on record as',
  definition: 'defined by',
  first: 'first sent by',
  approval: 'approved in',
  gate: 'gate',
  mirror: 'mirrored as',
  revision: 'of revision',
  manifest: 'stated by',
  promotion: 'promoted by',
  release: 'from release',
  build: 'built by',
  source: 'from source',
};

/** Jobs that are shown of an entry; of more than that those that did not end well come first, and the rest is counted. */
const MOST_JOBS = 20;

/** Prints the chain from what runs back to the source commit, a line for each link. */
export function printWhy(
  { name, ref, environment, links, jobs = [] }: WhyAnswer,
  { stdout }: Pick<Io, 'stdout'>,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const what = ref === undefined || ref === name ? name : `${ref} (${name})`;
  writeLine(stdout, `${colors.bold(plainText(what))} in ${environment}`);
  for (const { link, text, id, by, at, missing, because } of links) {
    // What can't be known without another link says nothing that the missing one does not say.
    if (because !== undefined) continue;
    const said = plainText(text);
    const told = missing === true ? colors.yellow(`(missing) ${said}`) : said;
    const named = id === undefined || text.includes(id) ? '' : `${colors.dim(plainText(id))} `;
    const who = [
      ...(by === undefined ? [] : [`by ${plainText(by)}`]),
      ...(at === undefined ? [] : [`at ${at}`]),
    ];
    const whose = who.length === 0 ? '' : colors.dim(`  ${who.join(' ')}`);
    writeLine(stdout, `  ${WORDS[link].padEnd(13)} ${named}${told}${whose}`);
  }
  for (const line of jobLines(jobs)) writeLine(stdout, `  ${'job'.padEnd(13)} ${line}`);
}

function jobLines(jobs: readonly JobOfPass[]): string[] {
  if (jobs.length <= MOST_JOBS) return jobs.map(jobText);
  const ordered = [...jobs].sort((a, b) => Number(a.state === 'applied') - Number(b.state === 'applied'));
  const rest = ordered.slice(MOST_JOBS).map(({ state, now }) => `${state} and ${now}`);
  return [...ordered.slice(0, MOST_JOBS).map(jobText), `and ${rest.length} more: ${countsText(rest)}`];
}

function jobText({ ref, action, state, now, text }: JobOfPass): string {
  return plainText(`${ref} ${action} ${state}; ${now}${now === 'live' ? '' : `: ${text}`}`);
}
