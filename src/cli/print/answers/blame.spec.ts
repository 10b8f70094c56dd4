import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import type { Revision } from '../../../domain/source/revision.js';
import type { BlamedField } from '../../../queries/blame.js';
import { printBlame } from './blame.js';

const ref = 'marathon:/shop/web' as JobRef;
const text = (fields: BlamedField[], of = ref): string =>
  printed((io) => printBlame({ ref: of, environment: 'production', fields }, io));

const at = '2026-03-01T03:00:00.000Z';
const entry = { commit: 'e'.repeat(40), subject: 'Deploy', at, by: 'run', revision: 'a'.repeat(40) };

describe('blame, in words', () => {
  it('is a line for each field: commit, author, entry, approvals, value; and why there is no commit', () => {
    const commit = {
      revision: 'c'.repeat(40) as Revision,
      subject: 'Debug',
      by: 'bob <bob@example.org>',
      at,
    };
    const approvals = ['ann', 'eve'].map((by) => ({ by, at, commit: 'd'.repeat(40) }));
    expect(
      text([
        { pointer: '/env/LEVEL', value: 'debug', entry, approvals, commit },
        { pointer: '/labels/owner', value: 'towline', entry, approvals: [], unstated: 'not stated in Git' },
        { pointer: '', value: [], approvals: [], unstated: 'no entry on record sent it' },
      ]),
    ).toBe(
      lines(`
        marathon:/shop/web in production
          cccccccccc  bob <bob@example.org>       2026-03-01  sent eeeeeeeeee 2026-03-01T03:00:00.000Z, approved by ann and eve  /env/LEVEL = "debug"
          ----------  not stated in Git                       sent eeeeeeeeee 2026-03-01T03:00:00.000Z                           /labels/owner = "towline"
          ----------  no entry on record sent it                                                                                 / = []
      `),
    );
  });

  it('cuts a long value', () => {
    expect(text([{ pointer: '/cmd', value: 'x'.repeat(5000), approvals: [] }]).length).toBeLessThan(200);
  });

  it('lets nothing through that a terminal obeys, and adds no line of its own', () => {
    const commit = { revision: 'c'.repeat(40) as Revision, subject: HOSTILE, by: HOSTILE, at };
    const approvals = [{ by: HOSTILE, at, commit: 'd'.repeat(40) }];
    const found = text(
      [
        { pointer: `/env/${HOSTILE}`, value: HOSTILE, entry, approvals, commit },
        { pointer: '', value: { [HOSTILE]: HOSTILE }, approvals, unstated: HOSTILE },
      ],
      HOSTILE as JobRef,
    );
    expect(found).not.toMatch(OBEYED);
    expect(found.split('\n')).toHaveLength(4);
  });
});
