import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { gitEnvironment, gitSettings, type GitPlace } from './run.js';

/**
 * One long-lived `git update-ref --stdin`: a branch is moved by a transaction of its own, compared and swapped by git. A
 * process that refused one has ended, as git wants it; the next move starts another.
 */
export class RefUpdates {
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #answers: ((line: string | undefined) => void)[] = [];
  #errors = '';
  #turn: Promise<unknown> = Promise.resolve();

  constructor(readonly place: GitPlace) {}

  /** What git says against it; undefined: the branch was moved. `expected` undefined: from wherever it is. */
  move(ref: string, to: string, expected: string | undefined): Promise<string | undefined> {
    const next = this.#turn.then(() => this.#move(ref, to, expected));
    this.#turn = next.catch(() => undefined);
    return next;
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child = undefined;
  }

  async #move(ref: string, to: string, expected: string | undefined): Promise<string | undefined> {
    const child = (this.#child ??= this.#start());
    this.#errors = '';
    const answers = [this.#answer(), this.#answer()];
    child.stdin.write(`start\nupdate ${ref} ${to}${expected === undefined ? '' : ` ${expected}`}\ncommit\n`);
    const [started, committed] = await Promise.all(answers);
    if (started === 'start: ok' && committed === 'commit: ok') return undefined;
    this.close();
    return this.#errors.trim() === '' ? 'git update-ref ended' : this.#errors.trim();
  }

  #answer(): Promise<string | undefined> {
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  #start(): ChildProcessByStdio<Writable, Readable, Readable> {
    const child = spawn('git', [...gitSettings(this.place), 'update-ref', '-m', 'towline', '--stdin'], {
      cwd: this.place.gitDir,
      env: { ...process.env, ...gitEnvironment(this.place) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.#answers.shift()?.(text.slice(0, end));
        text = text.slice(end + 1);
      }
    });
    child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-4000)),
    );
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => (this.#errors += error.message));
    child.unref();
    child.on('close', () => {
      if (this.#child === child) this.#child = undefined;
      for (const answer of this.#answers.splice(0)) answer(undefined);
    });
    return child;
  }
}
