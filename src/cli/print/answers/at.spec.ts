import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { Revision } from '../../../domain/source/revision.js';
import type { EnvironmentAt, JobAt } from '../../../queries/at.js';
import { toEntry } from '../../../queries/history.js';
import { printAt } from './at.js';

const AT = '2026-03-01T03:00:00.000Z';
const entry = (subject: string): NonNullable<EnvironmentAt['entry']> =>
  toEntry({
    commit: 'e'.repeat(40) as Parameters<typeof toEntry>[0]['commit'],
    parents: [],
    at: AT,
    author: { name: 'Towline', email: 'towline@localhost' },
    subject,
    trailers: [],
  });

const then = (more: Partial<EnvironmentAt>): EnvironmentAt => ({
  environment: 'production',
  at: AT,
  entry: entry('Deploy 1 change of production'),
  jobs: [],
  paused: {},
  vetoes: {},
  breakGlass: undefined,
  ...more,
});

const good = (name: string): JobAt => ({
  ref: `marathon:/${name}`,
  declared: true,
  file: `marathon/${name}.json`,
  observed: 'applied',
  message: 'healthy',
  version: 'v1',
  since: AT,
});

describe('how an environment stood, in words', () => {
  it('says what people had ordered, who and why', () => {
    const asked = { by: 'ann', at: '2026-03-01T01:00:00.000Z' };
    const found = then({
      paused: { '*': { ...asked, reason: 'the disk is full' } },
      vetoes: { 'release shop/web:2': { ...asked, kind: 'release', name: 'shop/web:2', digests: [] } },
      breakGlass: { ...asked, until: '2026-03-01T04:00:00.000Z', reason: 'it burns' },
    });
    expect(printed((io) => printAt(found, io))).toBe(
      lines(`
        production at 2026-03-01T03:00:00.000Z
          ledger    eeeeeeeeee 2026-03-01T03:00:00.000Z  Deploy 1 change of production
          paused    every job by ann at 2026-03-01T01:00:00.000Z: the disk is full
          vetoed    release shop/web:2 by ann at 2026-03-01T01:00:00.000Z
          opened    every gate by ann at 2026-03-01T01:00:00.000Z until 2026-03-01T04:00:00.000Z: it burns
          no job was known then
      `),
    );
  });

  it('says of each job what is odd about it', () => {
    const jobs: JobAt[] = [
      { ref: 'chronos:new', declared: true },
      { ...good('gone'), declared: false },
      { ...good('web'), announced: 'update' },
    ];
    expect(
      printed((io) => printAt(then({ jobs }), io))
        .split('\n')
        .slice(2),
    ).toEqual([
      '  chronos:new     in Git      not sent  never sent',
      `  marathon:/gone  not in Git  sent      applied     v1  ${AT}  healthy`,
      `  marathon:/web   in Git      sent      applied     v1  ${AT}  update announced, not ended`,
      '',
    ]);
  });

  it('is short with many jobs: the odd ones come first, the rest is counted', () => {
    const many = Array.from({ length: 300 }, (_, n) => good(`job-${String(n).padStart(3, '0')}`));
    const jobs = [...many, { ...good('zebra'), observed: 'failed' as const, message: 'it crashed' }];
    const text = printed((io) => printAt(then({ jobs }), io)).split('\n');
    expect(text).toHaveLength(2 + 40 + 1 + 1);
    expect(text[2]).toMatch(/^ {2}marathon:\/zebra +in Git {2}sent {2}failed .* it crashed$/);
    expect(text[3]).toContain('marathon:/job-000');
    expect(text.at(-2)).toBe('  and 261 more: 261 applied (--job JOB shows one of them, --output json all)');
  });

  it('lets nothing through that a terminal obeys, and adds no line of its own', () => {
    const asked = { by: HOSTILE, at: AT, until: AT, reason: HOSTILE };
    const found = then({
      entry: entry(HOSTILE),
      declared: { revision: 'a'.repeat(40) as Revision, subject: HOSTILE, by: HOSTILE },
      jobs: [{ ...good(HOSTILE), message: HOSTILE, version: HOSTILE, since: HOSTILE }],
      paused: { [HOSTILE]: asked },
      vetoes: { [HOSTILE]: { ...asked, kind: 'job', name: HOSTILE, digests: [] } },
      breakGlass: asked,
    });
    const text = printed((io) => printAt(found, io));
    expect(text).not.toMatch(OBEYED);
    expect(text.split('\n')).toHaveLength(8);
    const lost = then({ declared: { revision: 'a'.repeat(40) as Revision, missing: HOSTILE } });
    expect(printed((io) => printAt(lost, io, HOSTILE))).not.toMatch(OBEYED);
  });

  it('shows a document as JSON that is the same value and harmless', () => {
    const document = { id: '/web', cmd: HOSTILE };
    const text = printed((io) => printAt(then({ jobs: [{ ...good(HOSTILE), document }] }), io));
    expect(text).not.toMatch(OBEYED);
    expect(JSON.parse(text.slice(text.indexOf('\n{') + 1))).toEqual(document);
  });
});
