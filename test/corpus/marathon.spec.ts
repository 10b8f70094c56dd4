import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { marathonModel } from '../../src/schedulers/marathon/model/index.js';

const corpus = process.env['TOWLINE_CORPUS'];
const files = (kind: string): string[] =>
  corpus === undefined
    ? []
    : readdirSync(path.join(corpus, 'marathon', kind)).filter((f) => f.endsWith('.json'));
const schedulers = new Map([['marathon', { model: marathonModel, context: { settings: {} } }]]);
const validate = (name: string, bytes: Uint8Array) =>
  validateManifests([parseManifest(name, bytes)], schedulers);
const read = (kind: string, name: string): Buffer =>
  readFileSync(path.join(corpus ?? '', 'marathon', kind, name));

/** A body for an update is no manifest: it is one only together with what it updates. */
const UPDATES = new Set(['appupdate-instances-only.json']);

/** Which rule stands for the reason that each refused file comes with. */
const REASONS: Record<string, string> = {
  'app-docker-credential.json': 'marathon/docker-credential',
  'app-env-empty-key.json': 'marathon/name',
  'app-ipaddress-discovery-with-docker.json': 'marathon/discovery-docker',
  'app-killselection-unknown-enum.json': 'marathon/enum',
  'app-mesos-docker-portmappings.json': 'marathon/container-mesos',
  'app-ports-and-ipaddress.json': 'marathon/ports-conflict',
  'app-ports-and-portdefinitions-differ.json': 'marathon/ports-conflict',
  'app-uris-and-fetch.json': 'marathon/uris-and-fetch',
  'group-app-not-direct-child.json': 'marathon/app-outside-group',
  'group-enforce-role-foreign-app-role.json': 'marathon/enforced-role',
  'pod-persistent-volume-overcapacity.json': 'marathon/pod-resident',
  'pod-persistent-volume-unreachable-enabled.json': 'marathon/pod-resident',
  'pod-pullconfig-unknown-secret.json': 'marathon/pod-secret-undeclared',
  'pod-seccomp-profile-and-unconfined.json': 'marathon/seccomp',
};

if (corpus === undefined) {
  describe('real Marathon documents', () => {
    it.skip('(SKIPPED: set TOWLINE_CORPUS to the folder that holds them)', () => undefined);
  });
} else {
  describe('real Marathon documents', () => {
    it.each(files('valid').filter((name) => !UPDATES.has(name)))('%s is valid', (name) => {
      const { diagnostics, jobs } = validate(name, read('valid', name));
      expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
      expect(jobs.length).toBeGreaterThan(0);
    });

    it.each(files('valid').filter((name) => UPDATES.has(name)))(
      '%s is an update: refused alone, valid on top of an app',
      (name) => {
        const update = JSON.parse(read('valid', name).toString()) as object;
        expect(validate(name, read('valid', name)).jobs).toEqual([]);
        const merged = { cmd: 'sleep 1000', cpus: 0.1, ...update };
        expect(validate(name, Buffer.from(JSON.stringify(merged))).jobs).toHaveLength(1);
      },
    );

    it.each(files('invalid'))('%s is refused for the reason given', (name) => {
      const { diagnostics, rejected, complete } = validate(name, read('invalid', name));
      const errors = diagnostics.filter((d) => d.severity === 'error');
      expect(errors.map((d) => d.code)).toContain(REASONS[name]);
      expect(errors.every((d) => d.place.line !== undefined && d.place.column !== undefined)).toBe(true);
      expect(rejected.length > 0 || !complete).toBe(true);
    });

    it('has a reason for every refused file', () => {
      expect(Object.keys(REASONS).sort()).toEqual(files('invalid').sort());
    });
  });
}
