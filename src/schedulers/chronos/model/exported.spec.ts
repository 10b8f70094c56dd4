import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../domain/source/json.js';
import { compare } from './compare.js';
import { exported } from './exported.js';

/** As Chronos 3.x lists a job: counters, defaults and empty values, and `fetch` also as `uris`. */
const live: JsonObject = {
  name: 'nightly',
  command: 'report --all',
  shell: true,
  retries: 2,
  owner: 'ops@example.org',
  ownerName: '',
  description: '',
  cpus: 0.1,
  mem: 128,
  disk: 256,
  disabled: false,
  concurrent: false,
  softError: false,
  highPriority: false,
  dataProcessingJobType: false,
  successCount: 12,
  errorCount: 1,
  errorsSinceLastSuccess: 0,
  lastSuccess: '2026-11-20T03:00:12.000Z',
  lastError: '',
  runAsUser: 'root',
  uris: ['https://files.example/tool.tgz'],
  fetch: [{ uri: 'https://files.example/tool.tgz', extract: true, executable: false, cache: false }],
  environmentVariables: [{ name: 'A', value: '1' }],
  arguments: [],
  constraints: [],
  schedule: 'R/2026-11-21T03:00:00.000+01:00/P1D',
  scheduleTimeZone: 'Europe/Berlin',
};

describe('a live job as a manifest', () => {
  it('has what somebody would write, and nothing that the server keeps or fills in', () => {
    expect(exported({ kind: 'scheduled', spec: live })).toEqual({
      name: 'nightly',
      command: 'report --all',
      owner: 'ops@example.org',
      cpus: 0.1,
      mem: 128,
      disk: 256,
      runAsUser: 'root',
      fetch: live['fetch'],
      environmentVariables: [{ name: 'A', value: '1' }],
      schedule: 'R/2026-11-21T03:00:00.000+01:00/P1D',
      scheduleTimeZone: 'Europe/Berlin',
    });
  });

  it('is no difference to the job that it was made of', () => {
    const { schedule: _schedule, scheduleTimeZone: _zone, ...rest } = live;
    const dependent = { ...rest, parents: ['a', 'b'], disabled: true, softError: true };
    for (const [kind, spec] of [
      ['scheduled', live],
      ['dependent', dependent],
    ] as const) {
      const manifest = exported({ kind, spec });
      expect(compare({ kind, spec: manifest }, { kind, spec }, { settings: {} })).toMatchObject({
        action: 'none',
      });
    }
  });
});
