import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import type { JobOfPass, WhyAnswer } from '../../../queries/why/index.js';
import { printWhy } from './why.js';

const ref = 'marathon:/shop/web' as JobRef;
const at = '2026-03-01T03:00:00.000Z';
const text = (more: Partial<WhyAnswer>): string =>
  printed((io) =>
    printWhy({ subject: 'job', name: ref, ref, environment: 'production', links: [], ...more }, io),
  );

describe('why, in words', () => {
  it('is a line for each link; what is missing says so, and what follows from that is left out', () => {
    expect(
      text({
        links: [
          { link: 'task', id: 'web.1', text: 'web.1 at 10.0.0.7:31012 (TASK_RUNNING, healthy)' },
          { link: 'ledger', id: 'e'.repeat(40), text: 'Deploy 1 change', by: 'towline@deploy-1', at },
          { link: 'approval', id: 'd1', text: 'Approve plan 1', by: 'eve', at },
          { link: 'revision', text: 'the repository has lost it', missing: true },
          { link: 'manifest', text: 'not known', missing: true, because: 'revision' },
        ],
      }),
    ).toBe(
      lines(`
        marathon:/shop/web in production
          runs as task  web.1 at 10.0.0.7:31012 (TASK_RUNNING, healthy)
          on record as  eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee Deploy 1 change  by towline@deploy-1 at 2026-03-01T03:00:00.000Z
          approved in   d1 Approve plan 1  by eve at 2026-03-01T03:00:00.000Z
          of revision   (missing) the repository has lost it
      `),
    );
  });

  it('says of an entry what became of its jobs', () => {
    const jobs: JobOfPass[] = [
      { ref, action: 'update', state: 'applied', now: 'live', text: 'nothing was sent since' },
      {
        ref: 'chronos:a',
        action: 'create',
        state: 'applied',
        now: 'replaced',
        text: 'pass p2 came after it',
      },
    ];
    expect(text({ name: 'e1', links: [], jobs })).toBe(
      lines(`
        marathon:/shop/web (e1) in production
          job           marathon:/shop/web update applied; live
          job           chronos:a create applied; replaced: pass p2 came after it
      `),
    );
  });

  it('is short where there were many jobs: what failed comes first, the rest is counted', () => {
    const jobs = Array.from({ length: 300 }, (_, n): JobOfPass => ({
      ref: `chronos:job-${n}`,
      action: 'update',
      state: n === 299 ? 'failed' : 'applied',
      now: n < 290 ? 'live' : 'replaced',
      text: 'a later pass',
    }));
    const found = text({ jobs }).split('\n');
    expect(found).toHaveLength(1 + 20 + 1 + 1);
    expect(found[1]).toBe('  job           chronos:job-299 update failed; replaced: a later pass');
    expect(found.at(-2)).toBe('  job           and 280 more: 271 applied and live, 9 applied and replaced');
  });

  it('lets nothing through that a terminal obeys, and adds no line of its own', () => {
    const link = { link: 'task', text: HOSTILE, by: HOSTILE, id: `${HOSTILE}2` } as const;
    const jobs: JobOfPass[] = [
      { ref: HOSTILE, action: 'update', state: HOSTILE, now: 'deleted', text: HOSTILE },
    ];
    const found = text({
      name: HOSTILE,
      ref: HOSTILE as JobRef,
      links: [link, { ...link, missing: true }],
      jobs,
    });
    expect(found).not.toMatch(OBEYED);
    expect(found.split('\n')).toHaveLength(5);
  });
});
