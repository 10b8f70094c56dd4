import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A bare repository and a work tree that pushes to it, in a temporary folder, free of the machine's own git settings. */
export class GitSandbox {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'towline-git-'));
  readonly bare = path.join(this.root, 'jobs.git');
  readonly work = path.join(this.root, 'work');

  constructor(format: 'sha1' | 'sha256' = 'sha1') {
    writeFileSync(
      path.join(this.root, 'gitconfig'),
      '[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n[core]\n\tautocrlf = false\n',
    );
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', `--object-format=${format}`, this.bare], {
      env: this.env,
    });
    execFileSync('git', ['init', '-q', '-b', 'main', `--object-format=${format}`, this.work], {
      env: this.env,
    });
    this.git('remote', 'add', 'origin', this.bare);
  }

  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      GIT_CONFIG_GLOBAL: path.join(this.root, 'gitconfig'),
      GIT_CONFIG_NOSYSTEM: '1',
      LC_ALL: 'C',
      HOME: this.root,
    };
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.work, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim();
  }

  write(files: Record<string, string | Buffer | null>): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.work, name);
      if (content === null) rmSync(file);
      else {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    }
  }

  link(name: string, target: string): void {
    symlinkSync(target, path.join(this.work, name));
  }

  executable(name: string): void {
    chmodSync(path.join(this.work, name), 0o755);
  }

  commit(message = 'change'): string {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  push(...args: string[]): string {
    return this.git('push', '-q', ...(args.length > 0 ? args : ['origin', 'HEAD:main']));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
