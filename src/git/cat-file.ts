import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import { TowlineError } from '../runtime/errors.js';
import { gitEnvironment, gitSettings, type GitPlace } from './run.js';

interface Waiting {
  id: ObjectId;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

/** Ids asked for ahead of the answers; keeps both pipes busy and neither full. */
const AHEAD = 64;

/**
 * One long-lived `git cat-file --batch`: blobs by id, as exact bytes, in the order asked for. A process that died is
 * started again for the next question; the questions that it left open fail.
 */
export class CatFile {
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #waiting: Waiting[] = [];
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(readonly place: GitPlace) {}

  async *read(
    ids: readonly ObjectId[],
    signal: AbortSignal,
  ): AsyncIterable<{ id: ObjectId; bytes: Uint8Array }> {
    const ahead: { id: ObjectId; answer: Promise<Uint8Array> }[] = [];
    let next = 0;
    while (next < ids.length || ahead.length > 0) {
      signal.throwIfAborted();
      for (; ahead.length < AHEAD && next < ids.length; next++) {
        const id = ids[next];
        if (id === undefined) break;
        const answer = this.#ask(id);
        // It is awaited below; until then a failure must not count as unhandled.
        answer.catch(() => undefined);
        ahead.push({ id, answer });
      }
      const first = ahead.shift();
      if (first === undefined) break;
      yield { id: first.id, bytes: await first.answer };
    }
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child?.kill();
    this.#child = undefined;
  }

  #ask(id: ObjectId): Promise<Uint8Array> {
    if (parseObjectId(id) === undefined) throw new TypeError('not an object id');
    const child = (this.#child ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      child.stdin.write(`${id}\n`);
    });
  }

  #start(): ChildProcessByStdio<Writable, Readable, Readable> {
    const child = spawn('git', [...gitSettings(this.place), 'cat-file', '--batch'], {
      cwd: this.place.gitDir,
      env: { ...process.env, ...gitEnvironment(this.place) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#chunks = [];
    this.#length = 0;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-500)));
    child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.byteLength;
      this.#answer();
    });
    const ended = (cause: unknown): void => {
      if (this.#child === child) this.#child = undefined;
      const left = this.#waiting.splice(0);
      for (const { id, reject } of left) {
        reject(
          new TowlineError(
            'git-cat-file',
            'unavailable',
            `git cat-file ended while it was asked for ${id}${said === '' ? '' : `: ${said.trim()}`}`,
            { cause, help: 'It is tried again.' },
          ),
        );
      }
    };
    child.on('error', ended);
    child.on('close', ended);
    child.stdin.on('error', () => undefined);
    child.unref();
    return child;
  }

  /** Reads as many whole answers as have arrived: `ID TYPE SIZE\n BYTES \n`, or `ID missing\n`. */
  #answer(): void {
    while (this.#waiting.length > 0 && this.#length > 0) {
      const buffer =
        this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
      this.#chunks = [buffer];
      const end = buffer.indexOf(0x0a);
      if (end < 0) return;
      const [id = '', type = '', size = ''] = buffer.subarray(0, end).toString('latin1').split(' ');
      const first = this.#waiting[0];
      if (first === undefined) return;
      if (type === 'missing' || type === 'ambiguous') {
        this.#take(end + 1);
        this.#waiting.shift();
        first.reject(
          new TowlineError(
            'git-object-missing',
            'invalid',
            `the object ${first.id} is not in the repository`,
            { help: 'The repository is shallow or damaged: git fsck.' },
          ),
        );
        continue;
      }
      const length = Number(size);
      if (id !== first.id || !Number.isSafeInteger(length)) {
        this.#child?.kill();
        return;
      }
      if (buffer.byteLength < end + 1 + length + 1) return;
      const bytes = Uint8Array.from(buffer.subarray(end + 1, end + 1 + length));
      this.#take(end + 1 + length + 1);
      this.#waiting.shift();
      if (type === 'blob') first.resolve(bytes);
      else
        first.reject(new TowlineError('git-object-type', 'invalid', `${first.id} is a ${type}, not a file`));
    }
  }

  #take(count: number): void {
    const rest = (this.#chunks[0] ?? Buffer.alloc(0)).subarray(count);
    this.#chunks = rest.byteLength === 0 ? [] : [rest];
    this.#length = rest.byteLength;
  }
}
