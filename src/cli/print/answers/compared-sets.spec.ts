import { describe, expect, it } from '@jest/globals';
import { job } from '../../../../test/builders/plan-input.js';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import { compareSets } from '../../../domain/job/compare-sets.js';
import type { Job } from '../../../domain/job/job.js';
import { printComparedSets } from './compared-sets.js';

const text = (before: Job[], after: Job[]): string =>
  printed((io) => printComparedSets(['staging', 'production'], compareSets(before, after), io));

describe('two environments, in words', () => {
  it('is what is in one of them only, and each field that differs, with its places', () => {
    const before = [job('same'), job('old'), job('web', { env: { LEVEL: 'debug' }, cpus: 1 })];
    const after = [job('same'), job('new'), job('web', { env: { LEVEL: 'info' }, mem: 64 })];
    expect(text(before, after)).toBe(
      lines(`
        staging -> production
          - plain:old  only in staging: old.json
          + plain:new  only in production: new.json
          ~ plain:web
              /cpus: 1 -> (absent)
                  web.json:1:1 -> not in production
              /env/LEVEL: "debug" -> "info"
                  web.json:1:1 -> web.json:1:1
              /mem: (absent) -> 64
                  not in staging -> web.json:1:1
          1 the same, 1 differs, 1 only in staging, 1 only in production
      `),
    );
  });

  it('is one line where nothing differs, and where nothing is there', () => {
    const all = [job('a'), job('b')];
    expect(text(all, all)).toBe(
      'staging -> production\n  2 the same, 0 differ, 0 only in staging, 0 only in production\n',
    );
    expect(text([], [])).toContain('0 the same, 0 differ');
  });

  it('leaves out none of several hundred jobs: a difference that is not shown would be taken for none', () => {
    const many = Array.from({ length: 400 }, (_, n) => job(`job-${n}`));
    const found = text(many, []).split('\n');
    expect(found).toHaveLength(1 + 400 + 1 + 1);
    expect(found.at(-2)).toBe('  0 the same, 0 differ, 400 only in staging, 0 only in production');
  });

  it('lets nothing through that a terminal obeys, and adds no line of its own', () => {
    const before = [job(HOSTILE), job(`${HOSTILE}2`, { [HOSTILE]: HOSTILE })];
    const found = text(before, [job(`${HOSTILE}2`, { [HOSTILE]: 1 })]);
    expect(found).not.toMatch(OBEYED);
    expect(found.split('\n')).toHaveLength(7);
  });
});
