import { afterEach, describe, expect, it } from '@jest/globals';
import { Readable, Writable } from 'node:stream';
import { jobRef } from '../../domain/job/job-ref.js';
import type { Outcome } from '../../domain/record/outcome.js';
import type { Io } from '../io.js';
import { showProgress, type ShownProgress } from './progress.js';

const [web, api] = [jobRef('marathon', '/web'), jobRef('marathon', '/api')];
const outcome: Outcome = {
  ref: web,
  scheduler: 'marathon',
  kind: 'app',
  id: '/web',
  action: 'update',
  state: 'applied',
  message: '2 of 2 healthy',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:12.000Z',
};

describe('progress', () => {
  let shown: ShownProgress | undefined;
  afterEach(() => shown?.close());

  const open = (
    terminal: boolean,
  ): { progress: ShownProgress; text: () => string; at: (ms: number) => void } => {
    let [text, now] = ['', 0];
    const stream = (): Io['stdout'] =>
      Object.assign(
        new Writable({
          decodeStrings: false,
          write: (chunk: string, _encoding, done) => {
            text += chunk;
            done();
          },
        }),
        { isTTY: terminal, columns: 60, rows: 6 },
      );
    const io: Io = {
      stdin: Readable.from([]),
      stdout: stream(),
      stderr: stream(),
      env: {},
      cwd: '/',
      signal: new AbortController().signal,
    };
    const progress = showProgress(io, () => now);
    shown = progress;
    return { progress, text: () => text, at: (ms) => (now = ms) };
  };

  it('is a plain line whenever something changes, where nobody watches', () => {
    const { progress, text, at } = open(false);
    progress.step(web, '0 of 2 healthy');
    at(3000);
    progress.step(web, '0 of 2 healthy');
    progress.step(web, '1 of 2 healthy');
    progress.ended(outcome);
    expect(text().split('\n')).toEqual([
      '  marathon:/web  0 of 2 healthy  0 s',
      '  marathon:/web  1 of 2 healthy  3 s',
      '  applied update marathon:/web 12.0 s  2 of 2 healthy',
      '',
    ]);
  });

  it('is one line a job at the end of a terminal, and what is printed goes above', () => {
    const { progress, text, at } = open(true);
    progress.step(web, '0 of 2 healthy');
    progress.step(api, '1 of 1 running');
    at(5000);
    progress.io.stdout.write('something\n');
    progress.ended(outcome);
    const screen = played(text());
    expect(screen).toEqual([
      'something',
      '  applied update marathon:/web 12.0 s  2 of 2 healthy',
      '  marathon:/api  1 of 1 running  5 s',
    ]);
    progress.close();
    expect(played(text())).toEqual(screen.slice(0, 2));
  });

  it('fits on the screen: long lines are cut, many jobs are counted', () => {
    const { progress, text } = open(true);
    for (let n = 0; n < 10; n++) progress.step(jobRef('marathon', `/job-${n}`), 'x'.repeat(100));
    const screen = played(text());
    expect(screen).toHaveLength(4);
    expect(screen.at(-1)).toBe('  7 more');
    expect(screen.every((line) => line.length < 60)).toBe(true);
  });
});

/** What a terminal shows after a text: cursor up, and clear to the end. */
function played(text: string): string[] {
  const lines: string[] = [''];
  for (const part of text.replace(/\u001b\[[0-9;]*m/g, '').split(/(\u001b\[\d+A\u001b\[0J|\n)/)) {
    const up = /^\u001b\[(\d+)A/.exec(part)?.[1];
    if (up !== undefined) lines.splice(lines.length - 1 - Number(up), Infinity, '');
    else if (part === '\n') lines.push('');
    else lines[lines.length - 1] += part;
  }
  return lines.slice(0, -1);
}
