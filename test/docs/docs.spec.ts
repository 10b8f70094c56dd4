import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { EXIT } from '../../src/runtime/exit-codes.js';
import { rulesPages } from './rules-page.js';

const project = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(path.join(project, folder)).flatMap((name) => {
    const file = path.join(folder, name);
    if (statSync(path.join(project, file)).isDirectory()) return sources(file);
    return /\.ts$/.test(name) && !/\.(spec|contract)\.ts$/.test(name) ? [file] : [];
  });
}

describe('the documentation', () => {
  it('has every error code, and no other', () => {
    const used = new Set(
      sources('src').flatMap((file) =>
        [...read(file).matchAll(/new TowlineError\(\s*(?:\w+ \? )?'([a-z-]+)'(?: : '([a-z-]+)')?/g)].flatMap(
          (m) => [m[1], m[2]],
        ),
      ),
    );
    used.delete(undefined);
    const documented = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map((m) => m[1]);
    expect(documented).toEqual([...documented].sort());
    expect([...used].sort()).toEqual(documented);
  });

  it('has every exit code', () => {
    const page = read('docs/exit-codes.md');
    for (const code of Object.values(EXIT)) expect(page).toMatch(new RegExp(`^\\| (\\d+, )?${code}\\b`, 'm'));
  });

  it('has every rule (npm run docs writes the pages)', () => {
    const pages = rulesPages();
    expect(
      readdirSync(path.join(project, 'docs/rules'))
        .map((name) => `rules/${name}`)
        .sort(),
    ).toEqual([...pages.keys()].filter((name) => name.startsWith('rules/')).sort());
    for (const [name, text] of pages) expect(read(`docs/${name}`)).toBe(text);
  });

  it('links to files that exist', () => {
    const pages = [
      'README.md',
      ...readdirSync(path.join(project, 'docs'))
        .filter((f) => f.endsWith('.md'))
        .map((f) => `docs/${f}`),
      ...readdirSync(path.join(project, 'docs/decisions')).map((f) => `docs/decisions/${f}`),
    ];
    for (const page of pages) {
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        const file = path.join(project, path.dirname(page), target);
        expect({
          page,
          target,
          there: statSync(file, { throwIfNoEntry: false }) !== undefined,
        }).toMatchObject({ there: true });
      }
    }
  });

  it('names every command that there is', () => {
    const program = [
      'program',
      'ci-commands',
      'people-commands',
      'gate-commands',
      'approval-commands',
      'ledger-commands',
      'audit-commands',
      'replay-commands',
      'hook-commands',
      'image-commands',
      'release-commands',
    ]
      .map((name) => read(`src/cli/${name}.ts`))
      .join('\n');
    const commands = [...program.matchAll(/command\(\s*'([a-z]+)/g)]
      .map((m) => m[1] ?? '')
      .filter((c) => !['install', 'pre', 'update', 'post', 'image'].includes(c))
      .map((c) => (['uninstall', 'flush'].includes(c) ? `hook ${c}` : c))
      .map((c) => (['verify', 'bundle', 'report'].includes(c) ? `audit ${c}` : c))
      .map((c) => (['build', 'tag', 'push', 'inspect'].includes(c) ? `image ${c}` : c))
      .map((c) => (['list', 'show'].includes(c) ? `releases ${c}` : c));
    expect(commands.length).toBeGreaterThan(25);
    const all = [
      'README.md',
      'docs/operations.md',
      'docs/architecture.md',
      'docs/configuration.md',
      'docs/layers.md',
      'docs/gates.md',
      'docs/ledger.md',
      'docs/audit.md',
      'docs/ci.md',
      'docs/images.md',
      'docs/hooks.md',
    ]
      .map(read)
      .join('\n');
    for (const command of commands) expect(all).toContain(`towline ${command}`);
  });
});
