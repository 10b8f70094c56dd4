import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { editManifest } from '../../src/domain/edit/edit-manifest.js';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { jobPlaces } from '../../src/domain/job/validate/job-places.js';
import { valueAt } from '../../src/domain/source/json.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';

const corpus = process.env['TOWLINE_CORPUS'];
const NEW = 'registry.example:5000/promoted/image:2.0.0';
const models = new Map(
  [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
);
const files = (corpus === undefined ? [] : ['marathon/valid', 'chronos/valid']).flatMap((folder) =>
  readdirSync(path.join(corpus ?? '', folder))
    .filter((name) => /\.(json|ya?ml)$/.test(name))
    .map((name) => `${folder}/${name}`),
);

if (corpus === undefined) {
  describe('images of real documents', () => {
    it.skip('(SKIPPED: set TOWLINE_CORPUS to the folder that holds them)', () => undefined);
  });
} else {
  describe('images of real documents', () => {
    it('are edited one by one, and nothing beside them', () => {
      let edited = 0;
      for (const file of files) {
        const bytes = readFileSync(path.join(corpus, file));
        for (const { job, document } of jobPlaces([parseManifest(file, bytes)], models))
          for (const at of models.get(job.scheduler)?.model.images(job) ?? []) {
            const pointer = job.source.pointer + at;
            const image = valueAt(document.value, pointer);
            if (typeof image !== 'string') continue;
            const result = editManifest(file, bytes, [{ document: document.index, pointer, value: NEW }]);
            if ('diagnostics' in result) throw new Error(`${file}: ${result.diagnostics[0]?.message ?? ''}`);
            const text = Buffer.from(result.bytes).toString();
            const [before = '', after = '', ...more] = text.split(NEW);
            expect([file, more]).toEqual([file, []]);
            expect(bytes.toString()).toBe(before + image + after);
            edited++;
          }
      }
      expect(edited).toBeGreaterThan(10);
    });
  });
}
