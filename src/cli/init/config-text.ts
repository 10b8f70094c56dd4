import { SCHEMA_FOLDER } from './editor-settings.js';
import type { FoundEnvironment } from './found.js';

export interface Found {
  branch: string;
  environments: FoundEnvironment[];
}

const PORTS: Record<string, number> = { marathon: 8080, chronos: 4400 };

/** The file's text. Every setting that a team usually touches stands in it, the rest in a comment with its default. */
export function configText(
  { branch, environments }: Found,
  { header = true }: { header?: boolean } = {},
): string {
  const lines = [
    ...(header ? [`# yaml-language-server: $schema=${SCHEMA_FOLDER}/towline.json`] : []),
    '# Towline: which folders of this repository run where. Reference: docs/configuration.md',
    'version: 1',
    '',
    'consul:',
    '  # CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN are used when they are set. Tokens never stand in this file.',
    '  address: http://127.0.0.1:8500',
    '  # Everything that Towline keeps in KV stands below this prefix.',
    '  prefix: towline/',
    '',
    'environments:',
  ];
  for (const { name, layers, schedulers } of environments) {
    lines.push(
      `  ${name}:`,
      `    branch: ${JSON.stringify(branch)}`,
      layers.length === 1
        ? `    folder: ${JSON.stringify(layers[0])}`
        : `    layers: [${layers.map((folder) => JSON.stringify(folder)).join(', ')}]`,
      '    schedulers:',
      ...schedulers.flatMap((kind) => [
        `      ${kind}:`,
        `        url: http://127.0.0.1:${PORTS[kind] ?? 80}`,
      ]),
      '    promote:',
      '      # Tags that are committed as soon as they are released; "*" stands for any characters. [] = by hand only.',
      '      # Or rules: [{ images: "shop/*", semver: "^1.2" }]; see docs/promotion.md.',
      '      automatic: []',
      '    deploy:',
      '      # How long one change may take until it counts as failed. Then: rollback, hold (stop where it stands), or leave.',
      '      timeoutSeconds: 600',
      '      onFailure: rollback',
      '      # Above these limits nothing is deleted without --allow-prune.',
      '      prune: { maxCount: 10, maxShare: 0.3 }',
    );
  }
  lines.push(
    '',
    'ledger:',
    '  # The branch that records what was sent and how it ended, one for each environment.',
    '  branch: ledger/{environment}',
    "  # While its repository is away: stop (what can't be recorded is not done), or journal (kept on disk, appended later).",
    '  whenAway: stop',
    '',
    '# server: { listen: 127.0.0.1:7070 }   # webhook, health and metrics of  towline run',
    '# poll: { intervalSeconds: 60 }        # the longest time until a change is seen without any hint',
  );
  return `${lines.join('\n')}\n`;
}
