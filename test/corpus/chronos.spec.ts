import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { chronosModel } from '../../src/schedulers/chronos/model/index.js';

const corpus = process.env['TOWLINE_CORPUS'];
const files = (kind: string): string[] =>
  corpus === undefined
    ? []
    : readdirSync(path.join(corpus, 'chronos', kind)).filter((f) => f.endsWith('.json'));
const schedulers = new Map([['chronos', { model: chronosModel, context: { settings: {} } }]]);
const read = (kind: string, name: string): Buffer =>
  readFileSync(path.join(corpus ?? '', 'chronos', kind, name));
const validate = (...named: [string, Uint8Array][]) =>
  validateManifests(
    named.map(([name, bytes]) => parseManifest(name, bytes)),
    schedulers,
  );

/** A child is valid where its parents are stated; those that the corpus lacks are stated here. */
const withParents = (name: string, bytes: Buffer): [string, Uint8Array][] => {
  const { parents = [] } = JSON.parse(bytes.toString()) as { parents?: string[] };
  return [
    [name, bytes],
    ...parents.map((parent): [string, Uint8Array] => [
      `${parent}.json`,
      Buffer.from(JSON.stringify({ name: parent, schedule: 'R/2026-01-01T00:00:00Z/P1D', command: 'true' })),
    ]),
  ];
};

/** Which rule stands for the reason that each refused file comes with. */
const REASONS: Record<string, string> = {
  'both-schedule-and-parents.json': 'chronos/kind',
  'constraint-unknown-operator.json': 'chronos/enum',
  'container-network-lower-case.json': 'chronos/enum',
  'container-without-image.json': 'chronos/required',
  'cycle-a.json': 'chronos/cycle',
  'cycle-b.json': 'chronos/cycle',
  'env-as-object.json': 'chronos/type',
  'malformed-missing-brace.json': 'manifest/syntax',
  'name-with-space.json': 'chronos/pattern',
  'null-values.json': 'chronos/null',
  'parents-empty.json': 'chronos/count',
  'schedule-cron.json': 'chronos/schedule',
  'schedule-fractional-period.json': 'chronos/schedule',
  'schedule-hour-without-T.json': 'chronos/schedule',
  'schedule-key-typo.json': 'chronos/kind',
  'schedule-r0.json': 'chronos/schedule',
  'schedule-start-without-offset.json': 'chronos/schedule',
  'self-parent.json': 'chronos/cycle',
  'time-zone-unknown.json': 'chronos/time-zone',
  'unknown-key-disable.json': 'chronos/unknown-field',
  'uris-and-fetch.json': 'chronos/uris-and-fetch',
};

if (corpus === undefined) {
  describe('real Chronos jobs', () => {
    it.skip('(SKIPPED: set TOWLINE_CORPUS to the folder that holds them)', () => undefined);
  });
} else {
  describe('real Chronos jobs', () => {
    it.each(files('valid'))('%s is valid', (name) => {
      const { diagnostics, jobs } = validate(...withParents(name, read('valid', name)));
      expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
      expect(jobs.length).toBeGreaterThan(0);
    });

    it.each(files('invalid'))('%s is refused for the reason given', (name) => {
      const pair: [string, Uint8Array][] = name.startsWith('cycle-')
        ? [
            ['cycle-a.json', read('invalid', 'cycle-a.json')],
            ['cycle-b.json', read('invalid', 'cycle-b.json')],
          ]
        : [[name, read('invalid', name)]];
      const { diagnostics, rejected, complete } = validate(...pair);
      const errors = diagnostics.filter((d) => d.severity === 'error' && d.place.file === name);
      expect(errors.map((d) => d.code)).toContain(REASONS[name]);
      expect(errors.every((d) => d.place.line !== undefined && d.place.column !== undefined)).toBe(true);
      expect(rejected.length > 0 || !complete).toBe(true);
    });

    it('has a reason for every refused file', () => {
      expect(Object.keys(REASONS).sort()).toEqual(files('invalid').sort());
    });
  });
}
