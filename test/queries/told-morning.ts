import type { JobRef } from '../../src/domain/job/job-ref.js';
import { short } from '../../src/domain/source/revision.js';
import { ToldLife } from './told-life.js';

export const web = { id: '/shop/web', cmd: 'serve', env: { LEVEL: 'info' } };
const nightly = { name: 'nightly', command: 'sum', schedule: 'R/2026-01-01T02:00:00Z/P1D' };
export const files = (app: object, report: object | null): Record<string, string> => ({
  'jobs/web.json': JSON.stringify(app),
  ...(report === null ? {} : { 'jobs/nightly.json': JSON.stringify(report) }),
});

/**
 * A morning in production, with two schedulers: made, changed, failed, put back, paused, pruned. The short ids of entries
 * and of their commits (`NAME-commit`) by name.
 */
export class ToldMorning {
  readonly life = new ToldLife();
  readonly id: Record<string, string> = {};

  async happen(): Promise<void> {
    const { life, id } = this;
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
  }
}
