import { describe, expect, it } from '@jest/globals';
import type { EngineLine } from '../../ports/image-engine.js';
import { registerSecret } from '../../runtime/redact.js';
import { readStream } from './engine-stream.js';

const { signal } = new AbortController();

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function read(...texts: string[]): Promise<{ lines: EngineLine[]; aux: readonly object[] }> {
  const lines: EngineLine[] = [];
  const options = { code: 'image-push', what: 'it could not be done', signal };
  const { aux } = await readStream(pieces(...texts), { ...options, onLine: (line) => lines.push(line) });
  return { lines, aux };
}

describe("an engine's stream", () => {
  it('is read line by line, wherever it is cut', async () => {
    const text =
      '{"stream":"Step 1\\n"}\r\n{"status":"Pushing","progressDetail":{"current":1,"total":9},"id":"aä"}\n\n{"aux":{"ID":"x"}}';
    const whole = await read(text);
    expect(whole).toEqual({
      lines: [{ text: 'Step 1' }, { text: 'Pushing', id: 'aä', progress: { current: 1, total: 9 } }],
      aux: [{ aux: { ID: 'x' } }],
    });
    const bytes = Buffer.from(text);
    for (let at = 1; at < bytes.length; at++) {
      const lines: EngineLine[] = [];
      const stream = (async function* () {
        yield bytes.subarray(0, at);
        yield bytes.subarray(at);
      })();
      const options = {
        code: 'image-push',
        what: 'x',
        signal,
        onLine: (line: EngineLine) => lines.push(line),
      };
      await readStream(stream, options);
      expect(lines).toEqual(whole.lines);
    }
  });

  it.each([
    '{"error":"it broke","errorDetail":{"message":"it broke"}}',
    '{"errorDetail":{"message":"it broke"}}',
    '{"error":"it broke"}',
    '{"status":"fine","error":"it broke"}\n{"status":"done"}',
  ])('with %s failed, whatever comes after it', async (line) => {
    await expect(read('{"stream":"before"}\n', line)).rejects.toMatchObject({
      code: 'image-push',
      kind: 'refused',
      message: 'it could not be done: it broke',
      details: ['before'],
    });
  });

  it('tells the last lines of a failure only, and of several lines the first', async () => {
    const before = Array.from({ length: 100 }, (_, at) => `{"stream":"${at}"}\n`).join('');
    const failed = read(before, '{"error":"first\\nsecond"}');
    await expect(failed).rejects.toMatchObject({
      message: 'it could not be done: first',
      details: [...Array.from({ length: 20 }, (_, at) => String(at + 80)), 'second'],
    });
  });

  it('brings nothing to a terminal that it would obey, and no secret', async () => {
    registerSecret('canary-secret-1');
    const { lines } = await read(
      `${JSON.stringify({ stream: '\u001b[31mred\u001b[0m \u001b]0;title\u0007 canary-secret-1\r\u0008x' })}\n`,
    );
    expect(lines).toEqual([{ text: 'red  ]0;title  ***' }, { text: 'x' }]);
    await expect(read(JSON.stringify({ error: 'no canary-secret-1\u001b[2J' }))).rejects.toMatchObject({
      message: expect.not.stringMatching(/canary|\u001b/),
    });
  });

  it.each(['<html>', '[]', '"text"', '{"stream":"x"'])('%s is not from Docker', async (text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'containers-garbled' });
  });

  it('that breaks off is an error, and one that is given up ends as such', async () => {
    const stop = new AbortController();
    const broken = (async function* () {
      yield Buffer.from('{"stream":"x"}\n');
      throw new Error('socket hang up');
    })();
    const options = { code: 'image-push', what: 'x' };
    await expect(readStream(broken, { ...options, signal })).rejects.toMatchObject({
      code: 'containers-unavailable',
      kind: 'unavailable',
    });
    stop.abort();
    await expect(readStream(pieces(''), { ...options, signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
