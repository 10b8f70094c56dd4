import { describe, expect, it } from '@jest/globals';
import { input, job, LENIENT, live } from '../../../test/builders/plan-input.js';
import { HOSTILE, OBEYED, printed } from '../../../test/builders/printed.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import { makePlan } from '../../domain/plan/make-plan.js';
import { TowlineError } from '../../runtime/errors.js';
import { printDiagnostics } from './diagnostics.js';
import { printError } from './error.js';
import { printOutcomes } from './outcomes.js';
import { printPlan } from './plan.js';

/** What manifests, commits and servers say is printed by many commands. */
describe('what others wrote, in what every command prints', () => {
  it('does nothing to a terminal out of a finding', () => {
    const text = printed(({ stdout }) =>
      printDiagnostics(
        [
          {
            code: 'x/y',
            severity: 'error',
            message: `"${HOSTILE}" is no id`,
            fix: `Write something else than "${HOSTILE}".`,
            place: { file: `${HOSTILE}.yaml`, line: 1, column: 1, pointer: `/${HOSTILE}` },
          },
        ],
        stdout,
      ),
    );
    expect(text).not.toMatch(OBEYED);
    expect(text.split('\n')).toHaveLength(3);
  });

  it('does nothing to a terminal out of an error, whose cause may have several lines', () => {
    const error = new TowlineError('bug', 'bug', `it said ${HOSTILE}`, {
      help: `Ask ${HOSTILE}.`,
      place: { file: HOSTILE, line: 1, column: 1 },
      details: [HOSTILE],
      cause: new Error('first line\n  second\u001b[2J line'),
    });
    const text = printed(({ stdout }) => printError(error, { stderr: stdout }));
    expect(text).not.toMatch(OBEYED);
    expect(text).toContain('  because: first line\n  second [2J line\n');
    const bug = printed(({ stdout }) => printError(new Error(HOSTILE), { stderr: stdout }));
    expect(bug).not.toMatch(OBEYED);
  });

  it('does nothing to a terminal out of an outcome', () => {
    const at = '2026-03-01T03:00:00.000Z';
    const outcome = {
      ref: HOSTILE as JobRef,
      scheduler: 'marathon',
      kind: 'app',
      id: HOSTILE,
      action: 'update',
      state: 'failed',
      message: HOSTILE,
      startedAt: at,
      endedAt: at,
    } as const;
    const text = printed(({ stdout }) => printOutcomes([outcome], stdout));
    expect(text).not.toMatch(OBEYED);
    expect(text.split('\n')).toHaveLength(2);
  });

  it('does nothing to a terminal out of a plan', () => {
    const plan = makePlan(
      input({
        desired: [job(HOSTILE, { cmd: HOSTILE }), job('web', { [HOSTILE]: HOSTILE })],
        live: [live('web', { cmd: HOSTILE }, { ownerLabel: 'test' })],
      }),
      LENIENT,
    );
    const held = { gate: 'freeze', name: HOSTILE, verdict: 'held', refs: [], reason: HOSTILE } as const;
    const text = printed((io) => printPlan({ ...plan, decisions: [held] }, io));
    expect(text).toContain('create plain:x [31mred');
    expect(text).not.toMatch(OBEYED);
  });
});
