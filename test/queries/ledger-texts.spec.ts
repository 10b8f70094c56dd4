import { beforeAll, describe, expect, it } from '@jest/globals';
import { printAt } from '../../src/cli/print/answers/at.js';
import { printBlame } from '../../src/cli/print/answers/blame.js';
import { printHistory } from '../../src/cli/print/answers/history.js';
import { printWhy } from '../../src/cli/print/answers/why.js';
import { printLedgerDiff } from '../../src/cli/print/answers/ledger-diff.js';
import { kvLayout } from '../../src/domain/source/kv-layout.js';
import { short, type Revision } from '../../src/domain/source/revision.js';
import { readAt } from '../../src/queries/at.js';
import { readWhy } from '../../src/queries/why/index.js';
import { readBlame } from '../../src/queries/blame.js';
import { readHistory, refNamed } from '../../src/queries/history.js';
import { readLedgerDiff } from '../../src/queries/ledger-diff.js';
import { lines, printed } from '../builders/printed.js';
import { MemoryKv } from '../fakes/memory-kv.js';
import { ToldLife } from './told-life.js';
import { files, ToldMorning, web } from './told-morning.js';

const signal = AbortSignal.timeout(60_000);
const ms = (time: string): number => Date.parse(`2026-03-01T${time}:00Z`);

/** A morning in production, with two schedulers: what people read of it at 3 a.m. */
describe('what the ledger says, in words', () => {
  const morning = new ToldMorning();
  const { life, id } = morning;
  const { ledger, repository, models } = life;
  beforeAll(() => morning.happen());

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

    it('takes the job that there is before one of that name that is gone', async () => {
      const moved = new ToldLife();
      const made = moved.commit('08:00', 'ann', 'Make it', {});
      await moved.pass('08:10', made, [{ ref: 'marathon:/sum', action: 'create', sent: {} }]);
      await moved.pass('08:20', made, [{ ref: 'marathon:/sum', action: 'delete' }]);
      await moved.pass('08:30', made, [{ ref: 'chronos:sum', action: 'create', sent: {} }]);
      expect(await refNamed('sum', ['marathon', 'chronos'], moved.ledger, signal)).toBe('chronos:sum');
    });
  });

  describe('at', () => {
    const then = async (time: string, job?: string): Promise<string> => {
      const sources = {
        environment: 'production',
        layers: ['jobs'],
        ledger,
        repository,
        models,
      };
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

  const sources = {
    layout: kvLayout('towline/', 'production'),
    releasesPrefix: 'towline/releases/',
    branch: 'main',
    layers: ['jobs'],
    kv: new MemoryKv(),
    ledger,
    repository,
    schedulers: life.schedulers,
    models,
  };

  it('why is the chain from what runs to who wanted it, with what is missing', async () => {
    life.tasks.push({ id: 'web.1', jobId: '/shop/web', ports: [], state: 'TASK_RUNNING', version: 'v4' });
    const { answers } = await readWhy('shop/web', sources, signal);
    const whole = async (name: string): Promise<string> => (await ledger.entry(id[name] ?? ''))?.commit ?? '';
    const level = [...repository.told.keys()].find((each) => short(each) === id['changed-commit']) ?? '';
    expect(printed((io) => answers.forEach((answer) => printWhy(answer, io)))).toBe(
      lines(`
        marathon:/shop/web in production
          runs as task  web.1 (TASK_RUNNING)
          of version    v4
          by deployment (missing) no deployment is on record
          on record as  ${await whole('back')} Deploy 1 change of production at ${id['back-commit']}: 1 rolled-back (pass p4, by run)  by towline@deploy-1 at 2026-03-01T12:02:00.000Z
          defined by    ${await whole('changed')} what ran before was put back, of ${id['changed']}: Deploy 1 change of production at ${id['changed-commit']}: 1 applied  by towline@deploy-1 at 2026-03-01T10:20:00.000Z
          mirrored as   (missing) the entry does not say which index of towline/production/.ref it was made from
          of revision   ${level} Level debug  by bob <bob@example.org> at 2026-03-01T10:00:00.000Z
          stated by     ${level} jobs/web.json, last changed by "Level debug"  by bob <bob@example.org> at 2026-03-01T10:00:00.000Z
          from release  (missing) the job names no image
      `),
    );
  });

  it('blame names commit, author and entry of each field', async () => {
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

  it('blame says why there is no commit, without a page of digits', async () => {
    const said = async (revision: Revision, from: ToldLife): Promise<string | undefined> => {
      await from.pass('09:00', revision, [{ ref: 'marathon:/shop/web', action: 'create', sent: web }]);
      const { ledger: asked, repository: read } = from;
      const found = await readBlame(
        { job: '/shop/web', at: '/cmd' },
        { ...sources, ledger: asked, repository: read },
        signal,
      );
      return found?.fields[0]?.unstated;
    };
    const gone = 'f'.repeat(40) as Revision;
    expect(await said(gone, new ToldLife())).toBe('ffffffffff is not in the job repository any more');
    const without = new ToldLife();
    const empty = without.commit('08:00', 'ann', 'Begin', { 'jobs/README': '' });
    expect(await said(empty, without)).toBe(`${short(empty)} does not state the job`);
    // The only commit that the log tells of states another value.
    const torn = new ToldLife();
    const other = torn.commit('07:00', 'ann', 'Before', files({ ...web, cmd: 'other' }, null));
    const made = torn.commit('08:00', 'ann', 'Make web', files(web, null));
    const told = torn.repository.told.get(other);
    if (told !== undefined) torn.repository.told.set(made, told);
    expect(await said(made, torn)).toBe("can't be decided: 1 commit was looked at");
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
});
