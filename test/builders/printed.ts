import { Writable } from 'node:stream';
import type { Io } from '../../src/cli/io.js';

/** What a command prints on standard output, where that is no terminal. */
export function printed(print: (io: Pick<Io, 'stdout'>) => void, isTTY = false): string {
  let text = '';
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  print({ stdout: Object.assign(stdout, { isTTY }) });
  return text;
}

/** A text as it is expected: without the indentation of the test, which is that of its first line. */
export function lines(text: string): string {
  const all = text.replace(/^\n/, '').replace(/\n *$/, '').split('\n');
  const depth = /^ */.exec(all[0] ?? '')?.[0].length ?? 0;
  return `${all.map((line) => line.slice(depth)).join('\n')}\n`;
}

/** What a terminal obeys, or what turns a line around. Line breaks are the page's own. */
export const OBEYED =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Words as somebody would write them who means harm: colours, a title, a line of its own, 8-bit control, a turned line. */
export const HOSTILE =
  'x\u001b[31mred\u001b]0;title\u0007\r\nproduction: all is well\u009b2J\u202edlrow\u2028y';
