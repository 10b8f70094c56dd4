import { describe, expect, it } from '@jest/globals';
import { podFailure } from './pod-failure.js';

const SENT = Date.parse('2026-01-01T12:00:00.000Z');
const ended = (startedAt: string, lastKnownState: string, terminatedAt = '2026-01-01T12:00:09.000Z') => ({
  instanceID: `${startedAt} ${lastKnownState}`,
  startedAt,
  terminatedAt,
  containers: [{ lastKnownState, termination: { exitCode: 3 } }],
});
const failureOf = (...terminated: ReturnType<typeof ended>[]) =>
  podFailure(terminated, { startedAt: SENT, version: 'v2' });

describe('what ended of a pod', () => {
  it('is the newest that ended by itself since the change was sent', () => {
    const early = ended('2026-01-01T12:00:01.000Z', 'TASK_FAILED', '2026-01-01T12:00:02.000Z');
    const late = ended('2026-01-01T12:00:03.000Z', 'TASK_FAILED', '2026-01-01T12:00:04.000Z');
    expect(failureOf(early, late)).toMatchObject({
      taskId: late.instanceID,
      version: 'v2',
      message: 'exit code 3',
    });
  });

  it('is nothing of the instances of before, which end while they are replaced, and no kill', () => {
    expect(failureOf(ended('2026-01-01T08:00:00.000Z', 'TASK_FAILED'))).toBeUndefined();
    expect(failureOf(ended('2026-01-01T12:00:01.000Z', 'TASK_KILLED'))).toBeUndefined();
  });
});
