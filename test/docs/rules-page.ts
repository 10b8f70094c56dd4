import { chronosModel } from '../../src/schedulers/chronos/model/index.js';
import { marathonModel } from '../../src/schedulers/marathon/model/index.js';

/** docs/rules.md, made from the models. */
export function rulesPage(): string {
  const rows = (rules: readonly { code: string; summary: string }[]): string =>
    [...new Map(rules.map((r) => [r.code, r])).values()]
      .sort((a, b) => (a.code < b.code ? -1 : 1))
      .map(({ code, summary }) => `| \`${code}\` | ${summary} |`)
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

| code | rule |
|---|---|
${rows(marathonModel.rules)}

## Chronos

| code | rule |
|---|---|
${rows(chronosModel.rules)}
`;
}
