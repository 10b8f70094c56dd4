import { describe, expect, it } from '@jest/globals';
import { known, live, plainModel } from '../../test/builders/plan-input.js';
import { driftOf, type DriftSources } from './drift.js';

const drift = (more: Partial<DriftSources>) =>
  driftOf({
    environment: 'test',
    known: new Map(),
    live: [],
    models: new Map([['plain', { model: plainModel, context: { settings: {} } }]]),
    ignoreFields: [],
    ...more,
  }).map(({ ref, kind }) => `${kind} ${ref}`);

describe('drift', () => {
  it('is what was changed or deleted by hand since the last send, and what only carries our marks', () => {
    expect(
      drift({
        known: new Map([known('same', { n: 1 }), known('changed', { n: 1 }), known('deleted')]),
        live: [
          live('same', { n: 1 }),
          live('changed', { n: 2 }),
          live('foreign', {}, { ownerLabel: 'test' }),
          live('of-others', {}, { ownerLabel: 'production' }),
          live('of-nobody'),
        ],
      }),
    ).toEqual(['changed plain:changed', 'deleted plain:deleted', 'foreign plain:foreign']);
  });

  it('is none in fields that others own, nor where nothing was sent', () => {
    const sources = { known: new Map([known('a', { n: 1 })]), live: [live('a', { n: 9 })] };
    expect(drift(sources)).toEqual(['changed plain:a']);
    expect(drift({ ...sources, ignoreFields: [{ fields: ['/n'], jobs: [], files: [] }] })).toEqual([]);
    const [ref, { document: _sent, ...unsent }] = known('a');
    expect(drift({ live: sources.live, known: new Map([[ref, unsent]]) })).toEqual([]);
  });
});
