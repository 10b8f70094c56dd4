import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import { TowlineError } from '../runtime/errors.js';
import { gitEnvironment, gitSettings, type GitPlace } from './run.js';

/** An object of the repository, whole. */
export interface GitObject {
  id: ObjectId;
  type: string;
  bytes: Uint8Array;
}

interface Waiting {
  name: string;
  resolve(found: GitObject | undefined): void;
  reject(error: unknown): void;
}

/** Ids asked for ahead of the answers, and bytes that may so be held: keeps both pipes busy and memory small. */
const MOST_AHEAD = 256;
const LEAST_AHEAD = 8;
const AHEAD_BYTES = 4 * 1024 * 1024;

/**
 * One long-lived `git cat-file --batch`: objects by name, as exact bytes, in the order asked for. A process that died is
 * started again for the next question; the questions that it left open fail. Names and objects that are new since it
 * started are found: git looks again where it does not know one.
 */
export class CatFile {
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #waiting: Waiting[] = [];
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes that the answer at hand needs; until then nothing is put together. */
  #needed = 0;

  constructor(readonly place: GitPlace) {}

  /** Contents of blobs. Throws on a missing object, and on one that is no blob. */
  async *read(
    ids: readonly ObjectId[],
    signal: AbortSignal,
  ): AsyncIterable<{ id: ObjectId; bytes: Uint8Array }> {
    const ahead: { id: ObjectId; answer: Promise<GitObject | undefined> }[] = [];
    let [next, limit, count, bytes] = [0, 64, 0, 0];
    while (next < ids.length || ahead.length > 0) {
      signal.throwIfAborted();
      // Asked for in heaps: every write to the pipe costs as much as the answer.
      if (ahead.length <= limit / 2 && next < ids.length) {
        const some = ids.slice(next, next + limit - ahead.length);
        next += some.length;
        if (some.some((id) => parseObjectId(id) === undefined)) throw new TypeError('not an object id');
        const answers = this.askAll(some);
        some.forEach((id, at) => {
          const answer = answers[at] ?? Promise.resolve(undefined);
          // It is awaited below; until then a failure must not count as unhandled.
          answer.catch(() => undefined);
          ahead.push({ id, answer });
        });
      }
      const first = ahead.shift();
      if (first === undefined) break;
      const blob = blobOf(first.id, await first.answer);
      bytes += blob.byteLength;
      limit = Math.max(LEAST_AHEAD, Math.min(MOST_AHEAD, (AHEAD_BYTES * ++count) / (bytes + 1)));
      yield { id: first.id, bytes: blob };
    }
  }

  /** The object of a name in git's own notation; undefined where there is none. */
  async ask(name: string): Promise<GitObject | undefined> {
    if (/[\n\0]/.test(name)) throw new TypeError('a name of an object is one line');
    return this.askAll([name])[0];
  }

  /** Several at once, which costs little more than one. */
  askAll(names: readonly string[]): Promise<GitObject | undefined>[] {
    // An empty line would be a question too.
    if (names.length === 0) return [];
    const child = (this.#child ??= this.#start());
    const answers = names.map(
      (name) =>
        new Promise<GitObject | undefined>((resolve, reject) => {
          this.#waiting.push({ name, resolve, reject });
        }),
    );
    child.stdin.write(`${names.join('\n')}\n`);
    return answers;
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child?.kill();
    this.#child = undefined;
  }

  #start(): ChildProcessByStdio<Writable, Readable, Readable> {
    const child = spawn('git', [...gitSettings(this.place), 'cat-file', '--batch'], {
      cwd: this.place.gitDir,
      env: { ...process.env, ...gitEnvironment(this.place) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#chunks = [];
    this.#length = 0;
    this.#needed = 0;
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
      for (const { name, reject } of left) {
        reject(
          new TowlineError(
            'git-cat-file',
            'unavailable',
            `git cat-file ended while it was asked for ${name}${said === '' ? '' : `: ${said.trim()}`}`,
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

  /** Reads as many whole answers as have arrived: `ID TYPE SIZE\n BYTES \n`, or `NAME missing\n`. */
  #answer(): void {
    while (this.#waiting.length > 0 && this.#length > 0 && this.#length >= this.#needed) {
      const buffer =
        this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
      this.#chunks = [buffer];
      const end = buffer.indexOf(0x0a);
      if (end < 0) return;
      const line = buffer.subarray(0, end).toString('utf8');
      const [, id = '', type = '', size = ''] = /^([0-9a-f]{40,64}) ([a-z]+) (\d+)$/.exec(line) ?? [];
      const object = parseObjectId(id);
      if (object === undefined) {
        if (!/ (missing|ambiguous)$/.test(line)) return void this.#child?.kill();
        this.#take(end + 1);
        this.#waiting.shift()?.resolve(undefined);
        continue;
      }
      const whole = end + 1 + Number(size) + 1;
      if (buffer.byteLength < whole) {
        this.#needed = whole;
        return;
      }
      // A copy, out of Node's pool: a memory block for each would cost more than the small ones themselves.
      const bytes = Buffer.from(buffer.subarray(end + 1, whole - 1));
      this.#take(whole);
      this.#waiting.shift()?.resolve({ id: object, type, bytes });
    }
  }

  #take(count: number): void {
    const rest = (this.#chunks[0] ?? Buffer.alloc(0)).subarray(count);
    this.#chunks = rest.byteLength === 0 ? [] : [rest];
    this.#length = rest.byteLength;
    this.#needed = 0;
  }
}

function blobOf(id: ObjectId, found: GitObject | undefined): Uint8Array {
  if (found === undefined)
    throw new TowlineError('git-object-missing', 'invalid', `the object ${id} is not in the repository`, {
      help: 'The repository is shallow or damaged: git fsck.',
    });
  if (found.type !== 'blob')
    throw new TowlineError('git-object-type', 'invalid', `${id} is a ${found.type}, not a file`);
  return found.bytes;
}
