import { describe, expect, it } from '@jest/globals';
import { jobRef } from '../job/job-ref.js';
import { job, live } from '../../../test/builders/plan-input.js';
import type { Change, ChangeAction } from '../plan/plan.js';
import { digest } from '../source/digest.js';
import type { LedgerIntent } from './ledger-entry.js';
import { foundOf, wasTried } from './read-back.js';

const desired = job('web', { v: 2 });
const intent = (action: ChangeAction, more: Partial<LedgerIntent> = {}): LedgerIntent => ({
  ref: jobRef('plain', 'web'),
  scheduler: 'plain',
  kind: 'job',
  id: 'web',
  action,
  ...(action === 'delete' ? {} : { desiredDigest: digest(desired.spec) }),
  ...more,
});
const change = (action: ChangeAction, more: Partial<Change> = {}): Change => ({
  ref: jobRef('plain', 'web'),
  scheduler: 'plain',
  kind: 'job',
  id: 'web',
  action,
  desired,
  fields: [],
  reason: '',
  drift: false,
  unresolved: true,
  after: [],
  ...more,
});
const { desired: _desired, ...gone } = change('none');
const at = (version: string) => live('web', { v: 1 }, { version });

describe('what became of an announced change', () => {
  it.each([
    ['a definition that is there', intent('update'), change('none', { live: at('v2') }), 'done'],
    [
      'a definition that is not there, where nothing moved',
      intent('update', { liveVersion: 'v1' }),
      change('update', { live: at('v1') }),
      'not done',
    ],
    [
      'a definition that is not there, where something moved',
      intent('update', { liveVersion: 'v1' }),
      change('update', { live: at('v3') }),
      'unknown',
    ],
    ['a job that was to be made and is not there', intent('create'), change('create'), 'not done'],
    [
      'a job that was to be made and is another one',
      intent('create'),
      change('update', { live: at('v1') }),
      'unknown',
    ],
    [
      'a definition that Git does not state any more',
      intent('update', { desiredDigest: 'sha256:other' }),
      change('none', { live: at('v2') }),
      'unknown',
    ],
    ['a job that was to be made and that Git does not have any more', intent('create'), gone, 'not done'],
    ['a job that is gone', intent('delete'), gone, 'done'],
    ['a job that was to go and is there', intent('delete'), change('delete', { live: at('v1') }), 'not done'],
    [
      'a restart, told by the version',
      intent('restart', { liveVersion: 'v1' }),
      change('none', { live: at('v2') }),
      'done',
    ],
    [
      'a restart that was not sent',
      intent('restart', { liveVersion: 'v1' }),
      change('restart', { live: at('v1') }),
      'not done',
    ],
    ['a run', intent('trigger'), change('none', { live: at('v1') }), 'unknown'],
  ] as const)('%s', (_what, announced, now, found) => {
    expect(foundOf(announced, now)).toBe(found);
  });

  it('is not tried once more on a guess, unless Git states something else or it only scales', () => {
    const announced = intent('update', { liveVersion: 'v1' });
    expect(wasTried(announced, change('update', { live: at('v3') }))).toBe(true);
    expect(wasTried(announced, change('update', { live: at('v1') }))).toBe(false);
    expect(wasTried(announced, change('scale', { live: at('v3') }))).toBe(false);
    const other = job('web', { v: 3 });
    expect(wasTried(announced, change('update', { live: at('v3'), desired: other }))).toBe(false);
  });
});
