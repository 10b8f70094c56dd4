import { beforeAll, describe, expect, it } from '@jest/globals';
import { printAt } from '../../src/cli/print/answers/at.js';
import { printBlame } from '../../src/cli/print/answers/blame.js';
import { printHistory } from '../../src/cli/print/answers/history.js';
import { printLedgerDiff } from '../../src/cli/print/answers/ledger-diff.js';
import { reportMarkdown } from '../../src/cli/print/answers/report-markdown.js';
import type { JobRef } from '../../src/domain/job/job-ref.js';
import { kvLayout } from '../../src/domain/source/kv-layout.js';
import { short } from '../../src/domain/source/revision.js';
import { readAt } from '../../src/queries/at.js';
import { readBlame } from '../../src/queries/blame.js';
import { readHistory, refNamed } from '../../src/queries/history.js';
import { readLedgerDiff } from '../../src/queries/ledger-diff.js';
import { readReport, type Report } from '../../src/queries/report.js';
import { lines, printed } from '../builders/printed.js';
import { MemoryKv } from '../fakes/memory-kv.js';
import { ToldLife } from './told-life.js';

const signal = AbortSignal.timeout(60_000);
const ms = (time: string): number => Date.parse(`2026-03-01T${time}:00Z`);

const web = { id: '/shop/web', cmd: 'serve', env: { LEVEL: 'info' } };
const nightly = { name: 'nightly', command: 'sum', schedule: 'R/2026-01-01T02:00:00Z/P1D' };
const files = (app: object, report: object | null): Record<string, string> => ({
  'jobs/web.json': JSON.stringify(app),
  ...(report === null ? {} : { 'jobs/nightly.json': JSON.stringify(report) }),
});

/** A morning in production, with two schedulers: what people read of it at 3 a.m. */
describe('what the ledger says, in words', () => {
  const life = new ToldLife();
  const { ledger, repository, models } = life;
  const id: Record<string, string> = {};

  beforeAll(async () => {
    const keep = (name: string, commit: string): void => void (id[name] = short(commit));
    const made = life.commit('09:00', 'ann', 'Make web and the report', files(web, nightly));
    keep('made-commit', made);
    keep(
      'made',
      await life.pass('09:10', made, [
        { ref: 'marathon:/shop/web', action: 'create', sent: web },
        { ref: 'chronos:nightly', action: 'create', sent: nightly, message: 'accepted' },
      ]),
    );
    const debug = { ...web, env: { LEVEL: 'debug' } };
    const changed = life.commit('10:00', 'bob', 'Level debug', files(debug, nightly));
    keep('changed-commit', changed);
    keep(
      'changed',
      await life.pass('10:20', changed, [{ ref: 'marathon:/shop/web', action: 'update', sent: debug }]),
    );
    const trace = life.commit(
      '11:00',
      'bob',
      'Level trace',
      files({ ...web, env: { LEVEL: 'trace' } }, nightly),
    );
    const failed = { state: 'failed', message: 'no offer matches: it wants 64 CPUs' } as const;
    keep('failed-commit', trace);
    keep(
      'failed',
      await life.pass('11:05', trace, [{ ref: 'marathon:/shop/web', action: 'update', ...failed }]),
    );
    const other = life.commit(
      '12:00',
      'eve',
      'Serve faster',
      files({ ...debug, cmd: 'serve --fast' }, nightly),
    );
    const back = {
      state: 'rolled-back',
      message: 'it crashed; what ran before runs again',
      sent: debug,
    } as const;
    keep('back-commit', other);
    keep('back', await life.pass('12:02', other, [{ ref: 'marathon:/shop/web', action: 'update', ...back }]));
    keep(
      'pause',
      await life.order('12:10', {
        verb: 'pause',
        refs: ['marathon:/shop/web' as JobRef],
        by: 'ann',
        reason: 'the disk is full',
        until: life.at('14:00'),
      }),
    );
    const pruned = life.commit('13:00', 'eve', 'Remove the report', files(debug, null));
    keep('pruned-commit', pruned);
    keep(
      'pruned',
      await life.pass('13:30', pruned, [{ ref: 'chronos:nightly', action: 'delete', message: 'gone' }]),
    );
  });

  describe('history', () => {
    const history = async (more: Partial<Parameters<typeof readHistory>[1]> = {}, narrowed = false) => {
      const entries = await readHistory(ledger, { signal, limit: 20, ...more });
      return printed((io) => printHistory({ environment: 'production', entries }, io, narrowed));
    };

    it('is what was done, newest first, with why something failed or was ordered', async () => {
      expect(await history()).toBe(
        lines(`
          production
            ${id['pruned']} 2026-03-01T13:30:00.000Z  Deploy 1 change of production at ${id['pruned-commit']}: 1 applied by run as towline@deploy-1
                applied delete chronos:nightly
            ${id['pause']} 2026-03-01T12:10:00.000Z  Pause marathon:/shop/web of production until 2026-03-01T14:00:00.000Z by ann
                the disk is full
            ${id['back']} 2026-03-01T12:02:00.000Z  Deploy 1 change of production at ${id['back-commit']}: 1 rolled-back by run as towline@deploy-1
                rolled-back update marathon:/shop/web: it crashed; what ran before runs again
            ${id['failed']} 2026-03-01T11:05:00.000Z  Deploy 1 change of production at ${id['failed-commit']}: 1 failed by run as towline@deploy-1
                failed update marathon:/shop/web: no offer matches: it wants 64 CPUs
            ${id['changed']} 2026-03-01T10:20:00.000Z  Deploy 1 change of production at ${id['changed-commit']}: 1 applied by run as towline@deploy-1
                applied update marathon:/shop/web
            ${id['made']} 2026-03-01T09:10:00.000Z  Deploy 2 changes of production at ${id['made-commit']}: 2 applied by run as towline@deploy-1
                applied create marathon:/shop/web
                applied create chronos:nightly
        `),
      );
    });

    it('says so where nothing like that is on record', async () => {
      const early = { until: ms('08:00') };
      expect(await history(early, true)).toBe('production\n  nothing like that is on record\n');
      const none = await readHistory(new ToldLife().ledger, { signal, limit: 20 });
      expect(printed((io) => printHistory({ environment: 'production', entries: none }, io))).toBe(
        'production\n  nothing is on record\n',
      );
    });

    it('takes a job as people call it, one that is gone as well', async () => {
      const named = (name: string): Promise<string> =>
        refNamed(name, ['marathon', 'chronos'], ledger, signal);
      expect(await named('shop/web')).toBe('marathon:/shop/web');
      expect(await named('/shop/web')).toBe('marathon:/shop/web');
      expect(await named('marathon:shop/web')).toBe('marathon:/shop/web');
      expect(await named('nightly')).toBe('chronos:nightly');
      expect(await named('chronos:nightly')).toBe('chronos:nightly');
      expect(await named('unknown')).toBe('unknown');
    });

    it('names the job that was asked for', async () => {
      const entries = await readHistory(ledger, {
        signal,
        limit: 20,
        jobRef: 'chronos:nightly',
        until: ms('10:00'),
      });
      const text = printed((io) =>
        printHistory({ environment: 'production', job: 'chronos:nightly', entries }, io, true),
      );
      expect(text.split('\n')[0]).toBe('production chronos:nightly');
    });
  });

  describe('at', () => {
    const then = async (time: string, job?: string): Promise<string> => {
      const sources = { environment: 'production', layers: ['jobs'], ledger, repository, models };
      const question = { time: ms(time), ...(job === undefined ? {} : { job }) };
      const found = await readAt(question, sources, signal);
      return printed((io) => printAt(found, io, job));
    };

    it('says that nothing was on record before the first entry', async () => {
      expect(await then('08:00')).toBe(
        'production at 2026-03-01T08:00:00.000Z\n  nothing was on record yet\n',
      );
    });

    it('is what Git stated, what was sent and how it stood, of both schedulers', async () => {
      expect(await then('11:30')).toBe(
        lines(`
          production at 2026-03-01T11:30:00.000Z
            ledger    ${id['failed']} 2026-03-01T11:05:00.000Z  Deploy 1 change of production at ${id['failed-commit']}: 1 failed
            declared  ${id['failed-commit']} Level trace by bob <bob@example.org>
            chronos:nightly     in Git  sent  applied      2026-03-01T09:10:00.000Z  accepted
            marathon:/shop/web  in Git  sent  failed   v3  2026-03-01T11:05:00.000Z  no offer matches: it wants 64 CPUs
        `),
      );
    });

    it('says what was paused, until when and why, as long as it was', async () => {
      const paused =
        '  paused    marathon:/shop/web by ann at 2026-03-01T12:10:00.000Z until 2026-03-01T14:00:00.000Z: the disk is full';
      expect((await then('13:59')).split('\n')).toContain(paused);
      expect(await then('14:00')).not.toContain('paused');
    });

    it('says that gates were open, as long as they were', async () => {
      const opened = new ToldLife();
      const made = opened.commit('09:00', 'ann', 'Make web', files(web, null));
      await opened.pass('09:10', made, [{ ref: 'marathon:/shop/web', action: 'create', sent: web }]);
      const until = opened.at('11:00');
      await opened.order('10:00', { verb: 'break-glass', refs: [], by: 'eve', reason: 'it burns', until });
      const sources = {
        environment: 'production',
        layers: ['jobs'],
        ledger: opened.ledger,
        repository: opened.repository,
        models,
      };
      const textAt = async (time: string): Promise<string> => {
        const found = await readAt({ time: ms(time) }, sources, signal);
        return printed((io) => printAt(found, io));
      };
      expect((await textAt('10:59')).split('\n')).toContain(
        '  opened    every gate by eve at 2026-03-01T10:00:00.000Z until 2026-03-01T11:00:00.000Z: it burns',
      );
      expect(await textAt('11:00')).not.toContain('opened');
    });

    it('shows one job with what had been sent last, by any of its names', async () => {
      const text = lines(`
        production at 2026-03-01T11:30:00.000Z
          ledger    ${id['failed']} 2026-03-01T11:05:00.000Z  Deploy 1 change of production at ${id['failed-commit']}: 1 failed
          declared  ${id['failed-commit']} Level trace by bob <bob@example.org>
          marathon:/shop/web  in Git  sent  failed  v3  2026-03-01T11:05:00.000Z  no offer matches: it wants 64 CPUs

        marathon:/shop/web as sent last
        {
          "id": "/shop/web",
          "cmd": "serve",
          "env": {
            "LEVEL": "debug"
          }
        }
      `);
      for (const name of ['marathon:/shop/web', '/shop/web', 'shop/web'])
        expect(await then('11:30', name)).toBe(text);
    });

    it('says that a job was not known, instead of nothing', async () => {
      expect((await then('13:30', 'nightly')).split('\n').at(-2)).toBe('  no job "nightly" was known then');
    });

    it('says of a revision that is lost what can still be said', async () => {
      const lost = new ToldLife();
      const gone = 'f'.repeat(40) as Parameters<typeof lost.pass>[1];
      await lost.pass('09:00', gone, [{ ref: 'marathon:/shop/web', action: 'create', sent: web }]);
      const sources = {
        environment: 'production',
        layers: ['jobs'],
        ledger: lost.ledger,
        repository,
        models,
      };
      const found = await readAt({ time: ms('10:00') }, sources, signal);
      expect(
        printed((io) => printAt(found, io))
          .split('\n')
          .slice(2),
      ).toEqual([
        `  declared  ffffffffff (missing) bad object ${gone}`,
        '  marathon:/shop/web  Git not readable  sent  applied  v1  2026-03-01T09:00:00.000Z  healthy',
        '',
      ]);
    });
  });

  it('blame names commit, author and entry of each field', async () => {
    const sources = {
      layout: kvLayout('towline/', 'production'),
      releasesPrefix: 'towline/releases/',
      branch: 'main',
      layers: ['jobs'],
      kv: new MemoryKv(),
      ledger,
      repository,
      schedulers: [{ name: 'marathon' }, { name: 'chronos' }] as never,
      models,
    };
    const blame = await readBlame({ job: 'shop/web' }, sources, signal);
    expect(blame).toBeDefined();
    expect(printed((io) => blame !== undefined && printBlame(blame, io))).toBe(
      lines(`
        marathon:/shop/web in production
          ${id['made-commit']}  ann <ann@example.org>  2026-03-01  sent ${id['made']} 2026-03-01T09:10:00.000Z  /id = "/shop/web"
          ${id['made-commit']}  ann <ann@example.org>  2026-03-01  sent ${id['made']} 2026-03-01T09:10:00.000Z  /cmd = "serve"
          ${id['changed-commit']}  bob <bob@example.org>  2026-03-01  sent ${id['changed']} 2026-03-01T10:20:00.000Z  /env/LEVEL = "debug"
      `),
    );
  });

  it('diff of two entries is what had been sent at one and not at the other', async () => {
    const compare = async (from: string, to: string): Promise<string> => {
      const found = await readLedgerDiff(id[from] ?? '', id[to] ?? '', ledger, signal);
      return printed((io) => found !== undefined && printLedgerDiff('production', found, io));
    };
    expect(await compare('made', 'pruned')).toBe(
      lines(`
        production: ${id['made']} -> ${id['pruned']}
          2026-03-01T09:10:00.000Z -> 2026-03-01T13:30:00.000Z, revision ${id['made-commit']} -> ${id['pruned-commit']}
          - chronos/nightly.json
          ~ marathon/shop/web.json
              /env/LEVEL: "info" -> "debug"
          0 the same, 1 differs, 1 removed, 0 added
      `),
    );
    expect((await compare('changed', 'failed')).split('\n').slice(2)).toEqual([
      '  2 the same, 0 differ, 0 removed, 0 added',
      '',
    ]);
  });

  describe('audit report', () => {
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
});
