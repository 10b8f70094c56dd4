import { beforeAll, describe, expect, it } from '@jest/globals';
import { reportMarkdown } from '../../src/cli/print/answers/report-markdown.js';
import { readReport, type Report } from '../../src/queries/report.js';
import { lines } from '../builders/printed.js';
import { ToldLife } from './told-life.js';
import { files, ToldMorning, web } from './told-morning.js';

const signal = AbortSignal.timeout(60_000);
const ms = (time: string): number => Date.parse(`2026-03-01T${time}:00Z`);

describe('audit report', () => {
  const morning = new ToldMorning();
  const { id, life } = morning;
  const { ledger, repository } = life;
  beforeAll(() => morning.happen());

  const report = (since: string, until: string): Promise<Report> =>
    readReport(
      { since: ms(since), until: ms(until) },
      { environment: 'production', ledger, repository },
      signal,
    );

  it('is a page for a ticket, with numbers that one can check by hand', async () => {
    // To live: 10 min, 20 min and 30 min after their commits; two of five passes did not end well.
    expect(`${reportMarkdown(await report('00:00', '23:00'))}\n`).toBe(
      lines(`
        # production, 2026-03-01T00:00:00.000Z to 2026-03-01T23:00:00.000Z

        - Passes: 5; passes of the mirror: 0
        - Changes: 6 (3 update, 2 create, 1 delete; 4 applied, 1 failed, 1 rolled-back)
        - From commit to live: mean 20 min 0 s, median 20 min 0 s (3 revisions)
        - Change failure rate: 40 % (2 of 5 passes that sent something)
        - Put back: 1

        ## Changes

        | Job | Changes | Failed |
        | --- | --- | --- |
        | marathon:/shop/web | 4 | 2 |
        | chronos:nightly | 2 | 0 |

        ## Authors of what was deployed

        | Who | Revisions |
        | --- | --- |
        | bob \\<bob@example.org\\> | 2 |
        | eve \\<eve@example.org\\> | 2 |
        | ann \\<ann@example.org\\> | 1 |

        ## As whom passes ran

        | Who | Passes |
        | --- | --- |
        | towline@deploy-1 | 5 |

        ## Orders

        | When | Who | What | Why | Entry |
        | --- | --- | --- | --- | --- |
        | 2026-03-01T12:10:00.000Z | ann | pause | the disk is full | ${id['pause']} |

        ## Failures

        | When | Job | What | How it ended | Why | Revision |
        | --- | --- | --- | --- | --- | --- |
        | 2026-03-01T11:05:00.000Z | marathon:/shop/web | update | failed | no offer matches: it wants 64 CPUs | ${id['failed-commit']} |
        | 2026-03-01T12:02:00.000Z | marathon:/shop/web | update | rolled-back | it crashed; what ran before runs again | ${id['back-commit']} |
      `),
    );
  });

  it('of a time in which nothing happened has no numbers, and none that are none', async () => {
    const empty = await report('07:00', '08:00');
    expect(`${reportMarkdown(empty)}\n`).toBe(
      lines(`
        # production, 2026-03-01T07:00:00.000Z to 2026-03-01T08:00:00.000Z

        - Passes: 0; passes of the mirror: 0
        - Changes: 0
        - From commit to live: no revision that is known went live
        - Change failure rate: nothing was sent
        - Put back: 0
      `),
    );
    expect(JSON.parse(JSON.stringify(empty))).toMatchObject({
      leadTime: { revisions: 0 },
      changeFailureRate: { deploys: 0, failed: 0 },
    });
    expect(JSON.stringify(empty)).not.toMatch(/null|NaN/);
  });

  it('of a time with failures only says that all failed and nothing went live', async () => {
    const bad = await report('11:00', '12:05');
    expect(bad).toMatchObject({
      leadTime: { revisions: 0 },
      changeFailureRate: { deploys: 2, failed: 2, rate: 1 },
      rollbacks: 1,
    });
    expect(reportMarkdown(bad).split('\n').slice(2, 7)).toEqual([
      '- Passes: 2; passes of the mirror: 0',
      '- Changes: 2 (2 update; 1 failed, 1 rolled-back)',
      '- From commit to live: no revision that is known went live',
      '- Change failure rate: 100 % (2 of 2 passes that sent something)',
      '- Put back: 1',
    ]);
  });

  it('counts a revision in the time in which it went live, and no order as a change of it', async () => {
    const later = new ToldLife();
    const old = later.commit('09:00', 'ann', 'Make web', files(web, null));
    await later.pass('09:10', old, [{ ref: 'marathon:/shop/web', action: 'create', sent: web }]);
    // Put right again after somebody changed it by hand, and restarted: the revision is as live as it was.
    await later.pass('15:00', old, [{ ref: 'marathon:/shop/web', action: 'update', sent: web }]);
    const told = later.commit('15:30', 'bob', 'Say more in the README', files(web, null));
    await later.pass('16:00', told, [{ ref: 'marathon:/shop/web', action: 'restart' }]);
    const sources = { environment: 'production', ledger: later.ledger, repository: later.repository };
    const leadTime = async (since: string): Promise<Report['leadTime']> =>
      (await readReport({ since: ms(since), until: ms('23:00') }, sources, signal)).leadTime;
    expect(await leadTime('09:00')).toEqual({ revisions: 1, meanSeconds: 600, medianSeconds: 600 });
    expect(await leadTime('14:00')).toEqual({ revisions: 0 });
  });
});
