import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../domain/source/json.js';
// The sandbox moves schedules on by code of its own, written from the reference alone: it checks this reading of it.
import { advanced } from '../../../sandbox/chronos/schedule.js';
import { compare } from './compare.js';

const job: JsonObject = { name: 'a', command: 'true', schedule: 'R/2026-01-01T03:00:00Z/P1D' };

/** What Chronos shows of a job: its defaults filled in, counters, both forms of what is fetched. */
function shown(spec: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    shell: true,
    executor: '',
    executorFlags: '',
    taskInfoData: '',
    retries: 2,
    owner: '',
    ownerName: '',
    description: '',
    cpus: 0.1,
    mem: 128,
    disk: 256,
    disabled: false,
    softError: false,
    dataProcessingJobType: false,
    highPriority: false,
    concurrent: false,
    runAsUser: 'root',
    arguments: [],
    uris: [],
    fetch: [],
    environmentVariables: [],
    constraints: [],
    ...('parents' in spec ? {} : { scheduleTimeZone: '' }),
    ...spec,
    successCount: 12,
    errorCount: 3,
    errorsSinceLastSuccess: 0,
    lastSuccess: '2026-02-01T03:00:05.000Z',
    lastError: '',
    ...more,
  };
}

const fieldsOf = (desired: JsonObject, live: JsonObject): string[] =>
  compare(
    { kind: 'scheduled', spec: desired },
    { kind: 'scheduled', spec: live },
    { settings: {} },
  ).fields.map((field) => field.pointer);

describe('comparing a Chronos job', () => {
  it('sees nothing in what Chronos filled in, counted, or shows twice', () => {
    expect(fieldsOf(job, shown(job))).toEqual([]);
    const fetched = {
      uri: 'http://x/a.tgz',
      executable: false,
      cache: false,
      extract: true,
      output_file: '',
    };
    expect(
      fieldsOf(
        { ...job, uris: ['http://x/a.tgz'] },
        shown(job, { uris: ['http://x/a.tgz'], fetch: [fetched] }),
      ),
    ).toEqual([]);
    expect(
      fieldsOf({ ...job, fetch: [{ uri: 'http://x/a.tgz' }] }, shown(job, { fetch: [fetched] })),
    ).toEqual([]);
  });

  it('takes 0 and absence for the defaults of the server, and strings for numbers', () => {
    expect(fieldsOf({ ...job, cpus: 0, mem: '256' }, shown(job, { mem: 256 }))).toEqual([]);
    expect(fieldsOf({ ...job, mem: 64 }, shown(job))).toEqual(['/mem']);
  });

  it('keeps the switch of an operator where Git does not name it', () => {
    expect(fieldsOf(job, shown(job, { disabled: true }))).toEqual([]);
    expect(fieldsOf({ ...job, disabled: false }, shown(job, { disabled: true }))).toEqual(['/disabled']);
  });

  it('reads parents as a set and variables as a map in which the first wins', () => {
    const child: JsonObject = { name: 'b', command: 'true', parents: ['x', 'y'] };
    expect(fieldsOf(child, shown(child, { parents: ['y', 'x'] }))).toEqual([]);
    expect(fieldsOf(child, shown(child, { parents: ['x'] }))).toEqual(['/parents']);
    const variables = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ];
    expect(
      fieldsOf(
        { ...job, environmentVariables: variables },
        shown(job, { environmentVariables: [...variables].reverse() }),
      ),
    ).toEqual([]);
  });

  it('reads each version in its own words: what one does not show it does not know', () => {
    const git = { ...job, concurrent: true, maxCompletionTime: 60, epsilon: 'PT5M' };
    const { concurrent: _c, maxCompletionTime: _m, fetch: _f, ...old } = shown(job);
    expect(fieldsOf(git, { ...old, epsilon: 'PT5M', async: false })).toEqual([]);
    expect(fieldsOf(git, { ...old, epsilon: 'PT60S', async: false })).toEqual(['/epsilon']);
    expect(fieldsOf(git, shown(job, { maxCompletionTime: 0 }))).toEqual([
      '/concurrent',
      '/maxCompletionTime',
    ]);
    // Before 2.5 there are uris only.
    expect(fieldsOf({ ...job, uris: ['http://x/a'] }, { ...old, uris: ['http://x/b'] })).toEqual(['/fetch']);
    expect(fieldsOf({ ...job, uris: ['http://x/a'] }, { ...old, uris: ['http://x/a'] })).toEqual([]);
  });

  it('finds a value that Git left to the server since it was sent', () => {
    const before = { ...job, cpus: 2 };
    const compared = (lastApplied?: JsonObject): string[] =>
      compare(
        { kind: 'scheduled', spec: job },
        { kind: 'scheduled', spec: shown(before) },
        { settings: {} },
        lastApplied,
      ).fields.map(({ pointer }) => pointer);
    expect(compared(before)).toEqual(['/cpus']);
    expect(compared(job)).toEqual([]);
    expect(compared()).toEqual([]);
  });

  it('knows how many repeats a job began with from what was last applied only', () => {
    const [ten, fifteen] = [10, 15].map((n) => ({ ...job, schedule: `R${n}/2026-01-01T03:00:00Z/P1D` }));
    const live = shown(job, { schedule: 'R7/2026-01-04T03:00:00.000Z/P1D' });
    const compared = (lastApplied: JsonObject | undefined) =>
      compare(
        { kind: 'scheduled', spec: fifteen ?? {} },
        { kind: 'scheduled', spec: live },
        { settings: {} },
        lastApplied,
      );
    expect(compared(undefined).fields).toEqual([]);
    expect(compared(ten)).toMatchObject({
      fields: [{ pointer: '/schedule' }],
      effect: 'resets 7 remaining repeats to 15',
    });
  });

  it('finds what was removed from Git', () => {
    expect(fieldsOf(job, shown(job, { owner: 'a@example.com', container: { image: 'x' } }))).toEqual([
      '/container',
      '/owner',
    ]);
  });

  it('takes an exhausted job for the last form of its life', () => {
    const once = { ...job, schedule: 'R1/2026-01-01T03:00:00Z/P1D' };
    const live = shown(once, { schedule: 'R0/2026-01-02T03:00:00.000Z/P1D', disabled: true });
    expect(fieldsOf(once, live)).toEqual([]);
  });

  it('reports a job that runs for ever although Git counts its runs', () => {
    const counted = { ...job, schedule: 'R5/2026-01-01T03:00:00Z/P1D' };
    expect(fieldsOf(counted, shown(job, { schedule: 'R/2026-01-04T03:00:00.000Z/P1D' }))).toEqual([
      '/schedule',
    ]);
  });

  it("reads the zone of a live job as Chronos does, also by Java's short names", () => {
    // From the reference: launched at 2017-03-01T12:00Z.
    const git = { ...job, schedule: 'R/2014-10-10T18:32:00Z/PT60M', scheduleTimeZone: 'PST' };
    expect(fieldsOf(git, shown(git, { schedule: 'R/2017-03-01T04:32:00.000-08:00/PT60M' }))).toEqual([]);
    const daily = { ...job, schedule: 'R/2014-10-10T18:32:00Z/PT24H', scheduleTimeZone: 'PST' };
    expect(fieldsOf(daily, shown(daily, { schedule: 'R/2017-03-01T17:32:00.000-08:00/PT24H' }))).toEqual([]);
  });

  const lives = fc.record({
    repeat: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
    start: fc.date({ min: new Date('2020-01-01'), max: new Date('2026-12-31'), noInvalidDate: true }),
    period: fc.constantFrom('PT1H', 'PT90M', 'PT45S', 'P1D', 'P7D', 'P1W', 'P1M', 'P3M', 'P1Y', 'P1DT12H'),
    zone: fc.constantFrom('', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
    launches: fc.array(
      fc.date({ min: new Date('2026-01-01'), max: new Date('2027-06-30'), noInvalidDate: true }),
      {
        maxLength: 6,
      },
    ),
  });

  /** A start that Towline accepts: whole seconds, no day that months would slip from. */
  const startOf = (date: Date): string => {
    const day = String((date.getUTCDate() % 28) + 1).padStart(2, '0');
    return `${date.toISOString().slice(0, 8)}${day}T${date.toISOString().slice(11, 19)}Z`;
  };

  it('plans nothing at any moment of the life of a job', () => {
    fc.assert(
      fc.property(lives, ({ repeat, start, period, zone, launches }) => {
        const git = {
          ...job,
          schedule: `R${repeat ?? ''}/${startOf(start)}/${period}`,
          scheduleTimeZone: zone,
        };
        let live = git.schedule;
        for (const at of launches.slice(0, repeat).sort((a, b) => a.getTime() - b.getTime()))
          live = advanced(live, zone, at.getTime());
        expect(fieldsOf(git, shown(git, { schedule: live }))).toEqual([]);
      }),
      {
        numRuns: 500,
        examples: [
          [
            {
              repeat: undefined,
              start: new Date('2020-10-24T03:00:00.000Z'),
              period: 'P1W',
              zone: 'America/New_York',
              launches: [new Date('2026-01-01T00:00:00.000Z')],
            },
          ],
          [
            {
              repeat: undefined,
              start: new Date('2025-10-08T02:00:00.000Z'),
              period: 'P1D',
              zone: 'America/New_York',
              launches: [new Date('2026-03-08T07:00:00.000Z')],
            },
          ],
        ],
      },
    );
  });

  it('finds a start that lies beside the pattern, and another period', () => {
    fc.assert(
      fc.property(
        lives,
        fc.integer({ min: 1, max: 44 }),
        ({ repeat, start, period, zone, launches }, seconds) => {
          const head = `R${repeat ?? ''}`;
          const git = { ...job, schedule: `${head}/${startOf(start)}/${period}`, scheduleTimeZone: zone };
          const aside = new Date(Date.parse(startOf(start)) + seconds * 1000).toISOString();
          let live = `${head}/${aside}/${period}`;
          for (const at of launches.slice(0, Math.max(0, (repeat ?? 7) - 1)))
            live = advanced(live, zone, at.getTime());
          expect(fieldsOf(git, shown(git, { schedule: live }))).toEqual(['/schedule']);
          expect(fieldsOf(git, shown(git, { schedule: git.schedule.replace(/P[^/]*$/, 'PT7H') }))).toEqual([
            '/schedule',
          ]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
