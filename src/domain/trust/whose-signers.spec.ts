import { describe, expect, it } from '@jest/globals';
import type { Revision } from '../source/revision.js';
import { signersAfter } from './index.js';

const revision = (letter: string): Revision => letter.repeat(40) as Revision;
const entry = (phase: string, at: string, more: Record<string, string> = {}) => ({
  trailers: Object.entries({ 'Towline-Phase': phase, 'Towline-Revision': revision(at), ...more }).map(
    ([key, value]) => ({ key, value }),
  ),
});
const after = (...entries: ReturnType<typeof entry>[]): Revision | undefined =>
  entries.reduce<Revision | undefined>(signersAfter, undefined);
const applied = { 'Towline-Outcome': 'applied' };
const held = { ...applied, 'Towline-Gate': 'held approval two-people (1 job): one more is needed' };

describe('who judges the next entry of a ledger', () => {
  it.each([
    ['nobody before there is an entry', [], undefined],
    ['the first entry, whatever it is', [entry('mirror', 'a')], 'a'],
    ['what was deployed last', [entry('outcome', 'a', applied), entry('outcome', 'b', applied)], 'b'],
    [
      'a deployment that failed is one',
      [entry('outcome', 'a', applied), entry('outcome', 'b', { 'Towline-Outcome': 'failed' })],
      'b',
    ],
    ['what was only mirrored is none', [entry('outcome', 'a', applied), entry('mirror', 'b')], 'a'],
    ['what was only announced is none', [entry('outcome', 'a', applied), entry('intent', 'b')], 'a'],
    ['an order says nothing', [entry('outcome', 'a', applied), entry('order', 'b')], 'a'],
    [
      'what waits for people is none, though the rest went on',
      [entry('outcome', 'a', applied), entry('outcome', 'b', held), entry('outcome', 'c', held)],
      'a',
    ],
    [
      'what waits for a freeze to end is one',
      [
        entry('outcome', 'a', applied),
        entry('outcome', 'b', { ...applied, 'Towline-Gate': 'held freeze night (1 job): until 6' }),
      ],
      'b',
    ],
    [
      'what was held entirely is none',
      [entry('outcome', 'a', applied), entry('outcome', 'b', { 'Towline-Outcome': 'blocked' })],
      'a',
    ],
    [
      'what was approved in the end is one',
      [
        entry('outcome', 'a', applied),
        entry('outcome', 'b', held),
        entry('outcome', 'b', { ...applied, 'Towline-Gate': 'passed approval two-people (1 job): ann, bob' }),
      ],
      'b',
    ],
  ])('%s', (_, entries, letter) => {
    expect(after(...entries)).toBe(letter === undefined ? undefined : revision(letter));
  });
});
