import { stringify } from 'yaml';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import type { Diagnostic } from '../../src/domain/source/diagnostic.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { SINGLE } from '../rules/all-cases.js';
import { CHRONOS_SETS, MARATHON_SETS } from '../rules/sets.cases.js';

interface Example {
  bad: string;
  good: string;
  finding: Diagnostic;
}

/** Examples longer than this say less than none. */
const MOST_LINES = 40;

/** The pages about rules, by their paths in docs/: made from the models, and from the cases that the tests hold them to. */
export function rulesPages(): Map<string, string> {
  const examples = allExamples();
  const pages = new Map([['rules.md', overview(examples)]]);
  for (const [kind, { model }] of SCHEDULER_KINDS) {
    const sections = model.rules.map(({ code, summary }) => section(code, summary, examples.get(code)));
    const title = kind.charAt(0).toUpperCase() + kind.slice(1);
    pages.set(
      `rules/${kind}.md`,
      `# Rules for ${title}\n\nWhat each rule finds, and the nearest thing that it takes; made from the code and its tests by \`npm run docs\`. What rules weigh, and how to\ntake a finding back: [rules](../rules.md).\n\n${sections.join('\n')}`,
    );
  }
  return pages;
}

function section(code: string, summary: string, example: Example | undefined): string {
  const head = `## ${code}\n\n${summary}\n`;
  if (example === undefined) return head;
  const { bad, good, finding } = example;
  const says = `${finding.severity}: ${finding.message}${finding.fix === undefined ? '' : `. ${finding.fix}`}`;
  if (bad.split('\n').length + good.split('\n').length > MOST_LINES) return `${head}\n> ${says}\n`;
  const accepted = good.trim() === '{}' ? '' : `\n\`\`\`yaml\n# taken\n${good}\`\`\`\n`;
  return `${head}\n\`\`\`yaml\n# found\n${bad}\`\`\`\n\n> ${says}\n${accepted}`;
}

function allExamples(): Map<string, Example> {
  const found = new Map<string, Example>();
  const add = (
    code: string,
    {
      bad,
      good,
      shown,
      settings = {},
    }: { bad: object[]; good: string; shown: string; settings?: Record<string, string> },
  ): void => {
    const finding = findingOf(code, bad, settings);
    if (finding !== undefined && !found.has(code)) found.set(code, { bad: shown, good, finding });
  };
  for (const [, base, cases] of SINGLE)
    for (const { code, bad, good, settings } of cases)
      add(code, {
        bad: [{ ...base, ...bad }],
        shown: stringify(bad),
        good: stringify(good),
        ...(settings === undefined ? {} : { settings }),
      });
  const stream = (jobs: readonly object[]): string => jobs.map((job) => stringify(job)).join('---\n');
  for (const { code, bad, good } of [...MARATHON_SETS, ...CHRONOS_SETS])
    add(code, { bad, shown: stream(bad), good: stream(good) });
  return found;
}

function findingOf(
  code: string,
  jobs: readonly object[],
  settings: Record<string, string>,
): Diagnostic | undefined {
  const { version, ...rest } = settings;
  const schedulers = new Map(
    [...SCHEDULER_KINDS].map(([name, { model }]) => [
      name,
      { model, context: { settings: rest, ...(version === undefined ? {} : { version }) } },
    ]),
  );
  const manifests = jobs.map((job, at) => parseManifest(`${at}.json`, Buffer.from(JSON.stringify(job))));
  return validateManifests(manifests, schedulers).diagnostics.find((each) => each.code === code);
}

function overview(examples: ReadonlyMap<string, Example>): string {
  const rows = (kind: string): string =>
    (SCHEDULER_KINDS.get(kind)?.model.rules ?? [])
      .toSorted((a, b) => (a.code < b.code ? -1 : 1))
      .map(({ code, summary }) => {
        const severity = examples.get(code)?.finding.severity ?? '';
        return `| [\`${code}\`](rules/${kind}.md#${code.replace('/', '')}) | ${severity} | ${summary} |`;
      })
      .join('\n');
  return `# Rules for manifests

Every finding has a stable code, a place, and says what to write instead. Schemas for editors are in [schemas](../schemas). This page is
made from the code by \`npm run docs\`.

## What a rule weighs

\`\`\`yaml
rules:                       # in towline.yaml, for all environments or inside one
  marathon/latest-tag: error # error refuses the job, warning is only said, ignore is silent
ignore:                      # findings taken back in some files
  - { rule: marathon/latest-tag, files: ['vendor/**'], reason: the vendor publishes nothing else }
\`\`\`

A YAML manifest can say it itself, always with a reason: \`# towline-ignore RULE[, RULE]: REASON\` for its own line or the next one,
\`# towline-ignore-file RULE: REASON\` for the file. JSON has no comments: use \`ignore\` in towline.yaml. Rules without which a file states
no jobs (the others of \`manifest/\`) can't be changed. A rule that stands for a refusal of the scheduler can be switched off; then the
scheduler itself refuses.

## Rules of one's own

\`\`\`yaml
policies:                    # in towline.yaml, for all environments or inside one
  - name: two-at-the-front   # findings: policy/two-at-the-front
    description: What customers reach survives the loss of one machine.   # shown with every finding
    files: ['production/shop/*']   # default: all
    kinds: [app]             # app, pod, group, scheduled, dependent; default: all
    level: error             # or warning
    schema: { required: [instances], properties: { instances: { minimum: 2 } } }
  - { name: owned, schema: policies/owned.json }   # a file, from towline.yaml; in a hook from the pushed revision
\`\`\`

A schema (draft-07 or 2020-12) sees the job as it is written, merged from its [layers](layers.md), without defaults: what must not be left
out has to be \`required\`. \`explain\` beside a keyword replaces the words of its findings. Files with schemas belong outside the folders
of manifests. A policy of an environment replaces one of the same name for all.

## Every manifest

| code | rule |
|---|---|
| \`manifest/syntax\`, \`manifest/encoding\`, \`manifest/duplicate-key\`, \`manifest/number\`, \`manifest/tag\`, \`manifest/key\` | JSON and YAML as they are written down: no key twice, no number that loses digits, nothing that JSON can't say |
| \`manifest/too-large\`, \`manifest/too-deep\`, \`manifest/aliases\` | bounds that no manifest needs and an attack does |
| \`manifest/yaml-1.1\` | (warning) words and numbers that other YAML readers understand differently |
| \`manifest/layer-document\`, \`manifest/layer-empty\`, \`manifest/leave-out\` | a file of a later [layer](layers.md) says what it changes, and of which job |
| \`manifest/twin-path\` | (warning) no two paths that some systems take for one, or that were meant to be one |
| \`manifest/unread\` | no links, submodules or names that Consul can't hold where manifests stand |
| \`manifest/ignore-reason\`, \`manifest/ignore-unused\` | (warning) a \`towline-ignore\` has a reason, and something to take back |
| \`manifest/unknown-shape\` | a document is a job of one of the environment's schedulers |
| \`manifest/duplicate-job\` | a job is stated once |

## Marathon

| code | weighs | rule |
|---|---|---|
${rows('marathon')}

## Chronos

| code | weighs | rule |
|---|---|---|
${rows('chronos')}
`;
}
