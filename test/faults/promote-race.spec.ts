import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { appendFileSync } from 'node:fs';
import { MemoryKv, MemoryLock } from '../fakes/memory-kv.js';
import { PromoteWorld } from '../fakes/promote-world.js';
import { kindOf } from '../../src/runtime/errors.js';

const signal = new AbortController().signal;
const app = (id: string): string =>
  `id: ${id}\ncmd: x\ncontainer: {docker: {image: "shop/web:0.0.0"}} # ${id}\n`;
const ROUNDS = 12;
/** Commits of the person in a round. */
const COMMITS = 2;

describe('two promoters and a person push to one repository', () => {
  let world: PromoteWorld;
  beforeEach(() => {
    world = new PromoteWorld({
      'production/web.yaml': app('/web'),
      'production/api.yaml': app('/api'),
      'production/notes.yaml': '# notes\nid: /notes\ncmd: x\n',
    });
  });
  afterEach(() => world.close());

  const git = async (...args: string[]): Promise<boolean> => {
    const { exitCode } = await execa('git', args, {
      cwd: world.sandbox.work,
      env: world.sandbox.env,
      reject: false,
    });
    return exitCode === 0;
  };

  /** A person who commits and pushes, again after each lost race, as people do. */
  const person = async (line: string): Promise<void> => {
    appendFileSync(`${world.sandbox.work}/production/notes.yaml`, `# ${line}\n`);
    expect(await git('commit', '-q', '-am', line)).toBe(true);
    for (let attempt = 0; attempt < 50; attempt++) {
      if (await git('push', '-q', 'origin', 'HEAD:main')) return;
      expect(await git('pull', '-q', '--rebase', 'origin', 'main')).toBe(true);
    }
    throw new Error('the person was never first');
  };

  it('nothing is lost, and nothing is committed twice', async () => {
    // Each has a copy and a lock of its own: not even the lock keeps them apart here.
    const promoters = ['one', 'two'].map((name) =>
      world.worker({ repository: world.store(name), lock: new MemoryLock(new MemoryKv()) }),
    );
    const promoted = async (worker: (typeof promoters)[number]): Promise<void> => {
      for (let attempt = 0; attempt < 20; attempt++) {
        try {
          return void (await worker.once({ signal, trigger: 'test' }));
        } catch (error) {
          if (kindOf(error) !== 'conflict') throw error;
        }
      }
      throw new Error('the promoter was never first');
    };
    for (let round = 1; round <= ROUNDS; round++) {
      await world.release(`0.0.${round}`);
      const people = (async () => {
        for (let n = 0; n < COMMITS; n++) await person(`note ${round}.${n}`);
      })();
      await Promise.all([...promoters.map(promoted), people]);
      for (const name of ['web', 'api'])
        expect(world.bare('show', `main:production/${name}.yaml`)).toBe(
          app(`/${name}`).replace('0.0.0', `0.0.${round}`).trim(),
        );
    }
    const subjects = world.subjects().reverse();
    const promotions = subjects.filter((subject) => subject.startsWith('Promote'));
    expect(promotions).toEqual(
      Array.from({ length: ROUNDS }, (_, at) => `Promote shop/web 0.0.${at + 1} to production`),
    );
    const notes = Array.from(
      { length: ROUNDS * COMMITS },
      (_, at) => `note ${Math.floor(at / COMMITS) + 1}.${at % COMMITS}`,
    );
    expect(subjects.filter((subject) => subject.startsWith('note'))).toEqual(notes);
    expect(subjects).toHaveLength(1 + ROUNDS * (1 + COMMITS));
    expect(world.bare('show', 'main:production/notes.yaml').split('\n').slice(3)).toEqual(
      notes.map((note) => `# ${note}`),
    );
    expect(world.bare('rev-list', '--merges', '--count', 'main')).toBe('0');
  }, 180_000);
});
