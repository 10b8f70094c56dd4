import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import type { EnvironmentStatus } from '../../../queries/status.js';
import { printMirrorStatus, printStatus } from './status.js';

const SINCE = '2026-03-01T03:00:00.000Z';
const quiet: EnvironmentStatus = {
  environment: 'production',
  mirror: { state: 'whole', revision: 'a'.repeat(40), files: 2, skipped: [] },
  ledger: { branch: 'ledger/production', commit: 'b'.repeat(40), revision: 'a'.repeat(40), openIntents: [] },
  paused: [],
  vetoes: [],
  schedulers: [{ name: 'marathon', readable: true }],
  jobs: [],
};
const job = (ref: string, more: Partial<EnvironmentStatus['jobs'][number]> = {}) => ({
  ref: ref as JobRef,
  state: 'applied' as const,
  message: '2 of 2 running',
  since: SINCE,
  revision: 'a'.repeat(40),
  live: true,
  ...more,
});
const told = (status: Partial<EnvironmentStatus>): string =>
  printed((io) => printStatus({ ...quiet, ...status }, io));

describe('how an environment stands, in words', () => {
  it('is short where all is well', () => {
    expect(told({ jobs: [job('marathon:/web'), job('marathon:/shop/api')] })).toBe(
      lines(`
        production
          mirror     whole at aaaaaaaaaa, 2 files
          ledger     ledger/production bbbbbbbbbb, deployed aaaaaaaaaa
          marathon   answers
          applied  marathon:/web       live  2026-03-01T03:00:00.000Z  2 of 2 running
          applied  marathon:/shop/api  live  2026-03-01T03:00:00.000Z  2 of 2 running
      `),
    );
  });

  it('tells everything that stands in the way', () => {
    const asked = { by: 'ann', at: SINCE };
    expect(
      told({
        mirror: {
          state: 'tampered',
          revision: 'a'.repeat(40),
          files: 1,
          skipped: [{ path: 'jobs/big.bin', reason: 'larger than 512 KiB' }],
          message: 'jobs/web.json is another one than in Git',
        },
        ledger: { branch: 'ledger/production', openIntents: ['marathon:/web'] },
        paused: [
          { ...asked, ref: '*', until: '2026-03-02T00:00:00.000Z', reason: 'the move' },
          { ...asked, ref: 'marathon:/web' },
        ],
        vetoes: [{ ...asked, kind: 'release', name: 'shop/web:2', digests: [], reason: 'it leaks' }],
        breakGlass: { ...asked, until: '2026-03-01T04:00:00.000Z', reason: 'fire' },
        schedulers: [{ name: 'chronos', readable: false, message: 'connect ECONNREFUSED' }],
        jobs: [job('marathon:/web', { state: 'failed', message: 'not healthy in time', live: false })],
      }),
    ).toBe(
      lines(`
        production
          mirror     tampered at aaaaaaaaaa, 1 file: jobs/web.json is another one than in Git
                     not held jobs/big.bin: larger than 512 KiB
          ledger     ledger/production empty
                     unresolved marathon:/web
          paused     the environment by ann since ${SINCE} until 2026-03-02T00:00:00.000Z: the move
          paused     marathon:/web by ann since ${SINCE}
          vetoed     release shop/web:2 by ann since ${SINCE}: it leaks
          open       all gates, by ann since ${SINCE} until 2026-03-01T04:00:00.000Z: fire
          chronos    does not answer: connect ECONNREFUSED
          failed  marathon:/web  not live  ${SINCE}  not healthy in time
      `),
    );
  });

  it('tells how runs of a job went, in the place of what was once said of its change', () => {
    const runs = { failures: 2, lastSuccess: SINCE, overdueSince: SINCE, running: 'task-1', next: SINCE };
    const never = { failures: 0, idle: 'disabled' as const };
    expect(told({ jobs: [job('chronos:a', { runs }), job('chronos:b', { runs: never })] })).toContain(
      lines(`
        __applied  chronos:a  live  ${SINCE}  last success ${SINCE}; 2 runs failed since; overdue since ${SINCE}: an earlier run still goes on; next ${SINCE}
        __applied  chronos:b  live  ${SINCE}  has not run yet; disabled
      `).replaceAll('__', '  '),
    );
  });

  it('does nothing to a terminal, whatever manifests, people and servers say', () => {
    const asked = { by: HOSTILE, at: SINCE, reason: HOSTILE };
    const text = told({
      mirror: { state: 'tampered', skipped: [{ path: HOSTILE, reason: HOSTILE }], message: HOSTILE },
      ledger: { branch: 'ledger/production', openIntents: [HOSTILE] },
      paused: [{ ...asked, ref: HOSTILE }],
      vetoes: [{ ...asked, kind: 'job', name: HOSTILE, digests: [] }],
      breakGlass: { ...asked, until: SINCE },
      schedulers: [{ name: 'marathon', readable: false, message: HOSTILE }],
      jobs: [job(HOSTILE, { message: HOSTILE })],
    });
    expect(text).not.toMatch(OBEYED);
    expect(text.trimEnd().split('\n')).toHaveLength(10);
  });
});

describe('a mirror of plain configuration, in words', () => {
  it('has its name, its place and its state', () => {
    const mirror = { state: 'absent' as const, skipped: [] };
    expect(printed((io) => printMirrorStatus({ name: 'app/main', prefix: 'config/app/', mirror }, io))).toBe(
      'app/main config/app/\n  mirror     absent\n',
    );
    const hostile = printed((io) => printMirrorStatus({ name: HOSTILE, prefix: HOSTILE, mirror }, io));
    expect(hostile).not.toMatch(OBEYED);
    expect(hostile.trimEnd().split('\n')).toHaveLength(2);
  });
});
