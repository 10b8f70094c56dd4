import fc from 'fast-check';
import type { JsonObject } from '../../src/domain/source/json.js';

const text = fc.constantFrom('a', 'b', 'c');
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'PST'];

/** Starts in every form that Chronos reads; those without an offset need a zone. */
const start = fc.oneof(
  fc
    .record({
      year: fc.constantFrom(2024, 2025, 2026),
      month: fc.integer({ min: 1, max: 12 }),
      day: fc.integer({ min: 1, max: 28 }),
      hour: fc.nat(23),
      minute: fc.nat(59),
      offset: fc.constantFrom('Z', '+02:00', '-0500', ''),
    })
    .map(
      ({ year, month, day, hour, minute, offset }) =>
        `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00${offset}`,
    ),
  fc.constantFrom('2026-W05-2T03:00:00Z', '2025-065T04:15:00Z', ''),
);
const period = fc.constantFrom(
  'PT1H',
  'PT60M',
  'PT90M',
  'PT24H',
  'P1D',
  'P7D',
  'P1W',
  'P1M',
  'P3M',
  'P1DT12H',
);
const repeat = fc.constantFrom('', '', '1', '3', '10');

const schedule = fc
  .record({ repeat, start, period, zone: fc.constantFrom('', ...zones) })
  .map((each): JsonObject => {
    const needsZone = !/Z$|[+-]\d\d:?\d\d$/.test(each.start) && each.start !== '';
    const zone = needsZone && each.zone === '' ? 'Europe/Berlin' : each.zone;
    // Days that a zone moves to the end of a month would slip.
    return {
      schedule: `R${each.repeat}/${each.start}/${each.period}`,
      ...(zone === '' ? {} : { scheduleTimeZone: zone }),
    };
  });

const plain = fc.record(
  {
    shell: fc.boolean(),
    arguments: fc.array(text, { minLength: 1, maxLength: 2 }),
    retries: fc.integer({ min: 0, max: 3 }),
    owner: fc.constant('a@example.com'),
    ownerName: text,
    description: text,
    cpus: fc.constantFrom<number | string>(0, 0.5, '0.25', 1),
    mem: fc.constantFrom<number | string>(0, 64, '256'),
    disk: fc.constantFrom(0, 100),
    disabled: fc.boolean(),
    concurrent: fc.boolean(),
    softError: fc.boolean(),
    highPriority: fc.boolean(),
    runAsUser: fc.constantFrom('root', 'batch'),
    maxCompletionTime: fc.constantFrom(0, 600),
    environmentVariables: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: text }), {
      selector: ({ name }) => name,
      maxLength: 3,
    }),
    constraints: fc.subarray([
      ['rack', 'EQUALS', 'a'],
      ['zone', 'LIKE', 'b.*'],
    ]),
    container: fc.record(
      {
        type: fc.constantFrom('DOCKER', 'docker', 'MESOS'),
        image: fc.constantFrom('jobs/report:1', 'jobs/report:2'),
        network: fc.constantFrom('HOST', 'BRIDGE'),
        forcePullImage: fc.boolean(),
        volumes: fc.constantFrom<JsonObject[]>([], [{ hostPath: '/a', containerPath: '/b', mode: 'ro' }]),
        parameters: fc.constantFrom<JsonObject[]>([], [{ key: 'label', value: 'x' }]),
      },
      { requiredKeys: ['image'] },
    ),
  },
  { requiredKeys: [] },
);

const files = fc.constantFrom<JsonObject>(
  {},
  { uris: ['http://example.com/a.tgz'] },
  { fetch: [{ uri: 'http://example.com/a.tgz' }] },
  { fetch: [{ uri: 'http://example.com/b', extract: false, executable: true }] },
);

/** Valid jobs but for their name: scheduled in every form, or dependent on some of the given parents. */
export function chronosJob(parents: readonly string[]): fc.Arbitrary<JsonObject> {
  const when =
    parents.length === 0
      ? schedule
      : fc.oneof(
          { weight: 2, arbitrary: schedule },
          {
            weight: 1,
            arbitrary: fc
              .subarray([...parents], { minLength: 1, maxLength: Math.min(3, parents.length) })
              .map((chosen): JsonObject => ({ parents: chosen })),
          },
        );
  return fc
    .tuple(when, plain, files)
    .map(([a, b, c]): JsonObject => ({ command: 'report', ...b, ...c, ...a }));
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
