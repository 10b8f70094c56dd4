import { describe, expect, it } from '@jest/globals';
import { printed } from '../../test/builders/printed.js';
import { writeLine } from './io.js';

const written = (text: string): string => printed(({ stdout }) => writeLine(stdout, text));

describe('a line of any command', () => {
  it('does nothing to a terminal but show colours', () => {
    expect(written('\u001b[31mred\u001b[0m \u001b[2J\u001b]0;title\u0007\u009b2J\r\u0008')).toBe(
      '\u001b[31mred\u001b[0m \\u001b[2J\\u001b]0;title\\u0007\\u009b2J\\u000d\\u0008\n',
    );
  });

  it('leaves words and the lines of a text as they are', () => {
    for (const text of ['ünïcode 漢字 🚢', 'a\n\tb', '']) expect(written(text)).toBe(`${text}\n`);
  });

  it('is the same value where it is JSON', () => {
    const value = { '\u009b': 'x\u007f\u009b2J\u001b[31m' };
    expect(written(JSON.stringify(value, null, 2))).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(JSON.parse(written(JSON.stringify(value, null, 2)))).toEqual(value);
  });
});
