import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOSTILE, OBEYED } from '../../../test/builders/printed.js';
import { jsonText, plainText, valueText, visibleText } from './plain-text.js';

describe('words from outside', () => {
  it('are one line with nothing in it that a terminal obeys', () => {
    expect(visibleText(HOSTILE)).toBe('x [31mred ]0;title production: all is well 2J\ufffddlrow y');
    expect(plainText('plain – ünïcode 漢字 🚢')).toBe('plain – ünïcode 漢字 🚢');
  });

  it('are not longer than a person reads', () => {
    expect(plainText('x'.repeat(501))).toBe(`${'x'.repeat(500)}…`);
    expect(plainText('x'.repeat(500))).toBe('x'.repeat(500));
    expect(visibleText('x'.repeat(5000))).toHaveLength(5000);
  });

  it('are the same value as JSON, and harmless', () => {
    expect(jsonText({ a: '\u009b2J' })).toBe('{"a":"\\u009b2J"}');
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, key) => {
        const text = jsonText({ [key]: value, HOSTILE }, 2);
        expect(text).not.toMatch(OBEYED);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify({ [key]: value, HOSTILE })));
      }),
    );
  });

  it('are cut as values, and what is not there is told', () => {
    expect(valueText(undefined)).toBe('(absent)');
    expect(valueText(null)).toBe('null');
    expect(valueText('x'.repeat(200), 20)).toBe(`"${'x'.repeat(16)}...`);
  });
});
