import { describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import type { Io } from '../io.js';
import { showWaiting } from './waiting.js';

function screen(isTTY: boolean) {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const stderr: Io['stderr'] = Object.assign(stream, { isTTY, columns: 60 });
  return { shown: showWaiting('production', 'a'.repeat(40), { stderr }), written: () => text };
}

describe('what a wait waits for', () => {
  it('is a line for each change where nobody watches', () => {
    const { shown, written } = screen(false);
    for (const text of ['the mirror', 'the mirror', 'create\u001b[2J\nmarathon:/web']) shown.tell(text);
    shown.close();
    expect(written()).toBe(
      'production: waiting for aaaaaaaaaa: the mirror\n' +
        'production: waiting for aaaaaaaaaa: create [2J marathon:/web\n',
    );
  });

  it('is one line on a terminal, no wider than that, and gone in the end', () => {
    const { shown, written } = screen(true);
    shown.tell('the mirror');
    shown.tell('x'.repeat(100));
    shown.close();
    shown.close();
    const lines = written().split('\r\u001b[K');
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => line.length)).toEqual([46, 59, 0]);
  });
});
