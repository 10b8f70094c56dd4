import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobRef, type JobRef } from '../../src/domain/job/job-ref.js';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import type { ValidatedJob } from '../../src/domain/job/job.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { makePlan } from '../../src/domain/plan/make-plan.js';
import type { Plan } from '../../src/domain/plan/plan.js';
import type { KnownJob } from '../../src/domain/plan/plan-input.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { jsonAnswer, serveHttp } from '../../src/sandbox/http/server.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { chronosScheduler } from '../../src/schedulers/chronos/driver/index.js';
import { chronosModel } from '../../src/schedulers/chronos/model/index.js';
import { applyChanges } from '../../src/workers/deploy/apply.js';
import { input, LENIENT, noSecrets } from '../builders/plan-input.js';
import { SimulatedChronos } from '../fakes/simulated-chronos.js';

const signal = new AbortController().signal;
const schedulers = new Map([['chronos', { model: chronosModel, context: { settings: {} } }]]);

/** A job of a graph: what it runs after (none: it runs by the clock), and something that may change. */
interface Node {
  name: string;
  parents: string[];
  command: string;
}

/** Graphs over the same few names in any order, so that from one to the other edges turn round and kinds change. */
const graph: fc.Arbitrary<Node[]> = fc
  .tuple(
    fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e', 'f', 'g'], { minLength: 1 }),
    fc.infiniteStream(fc.nat(3)),
    fc.infiniteStream(fc.constantFrom('one', 'two')),
  )
  .map(([names, edges, commands]) =>
    names.map((name, at) => ({
      name,
      parents: names.slice(0, at).filter(() => edges.next().value === 0),
      command: String(commands.next().value),
    })),
  );

const specOf = ({ name, parents, command }: Node): JsonObject =>
  parents.length === 0
    ? { name, command, schedule: 'R/2099-01-01T03:00:00Z/P1D' }
    : { name, command, parents };
const key = (node: Node): string => JSON.stringify([[...node.parents].sort(), node.command]);

function stated(nodes: readonly Node[]): readonly ValidatedJob[] {
  const manifests = nodes.map((node) =>
    parseManifest(`${node.name}.json`, Buffer.from(JSON.stringify(specOf(node)))),
  );
  return validateManifests(manifests, schedulers).jobs;
}

describe('graphs of jobs', () => {
  let chronos: SimulatedChronos;
  let scheduler: Scheduler;
  let writes: string[];
  let harm: string[];
  let refuse: string | undefined;
  let close: () => Promise<void>;

  const begin = async (): Promise<void> => {
    chronos = new SimulatedChronos(Date.parse('2026-01-01T00:00:00Z'), () => ({ code: 0, lasts: 1 }));
    [writes, harm, refuse] = [[], [], undefined];
    const server = await serveHttp({ host: '127.0.0.1', port: 0 }, async (request) => {
      if (request.method === 'GET') return chronos.answer(request);
      const name =
        request.method === 'POST'
          ? String((JSON.parse(request.body.toString()) as JsonObject)['name'])
          : (request.path.split('/').at(-1) ?? '');
      writes.push(`${request.method} ${name}`);
      if (name === refuse) return jsonAnswer(400, { message: 'refused here' });
      const before = new Map(
        Object.entries(chronos.state.jobs).map(([id, job]) => [id, JSON.stringify(job)]),
      );
      const answer = await chronos.answer(request);
      chronos.engine.reload();
      // Everything that a look at Chronos could show after this write.
      if (answer.status !== 204) harm.push(`${request.method} ${name} was answered with ${answer.status}`);
      if (chronos.engine.dead !== undefined) harm.push(`${name} killed it`);
      if (Object.keys(chronos.state.ghosts).length > 0) harm.push(`${name} left a ghost`);
      for (const [id, job] of before)
        if (id !== name && JSON.stringify(chronos.state.jobs[id]) !== job) harm.push(`${name} changed ${id}`);
      return answer;
    });
    scheduler = chronosScheduler({
      name: 'chronos',
      addresses: fixedAddresses([server.url]),
      clock: systemClock,
      log: silentLog(),
      pollMs: 1,
      loadMs: 0,
    });
    close = async () => {
      await scheduler.close();
      await server.close();
    };
  };
  beforeEach(begin);
  afterEach(() => close());

  const planOf = async (nodes: readonly Node[], owned: Iterable<string>): Promise<Plan> => {
    const known = new Map(
      [...owned].map((id): [JobRef, KnownJob] => [
        jobRef('chronos', id),
        { scheduler: 'chronos', kind: 'scheduled', id },
      ]),
    );
    const live = await scheduler.observe({ signal });
    return makePlan(input({ desired: stated(nodes), live, known, schedulers }), LENIENT);
  };
  const deploy = async (nodes: readonly Node[]): Promise<Outcome[]> => {
    writes = [];
    return applyChanges(await planOf(nodes, 'abcdefg'), {
      environment: 'test',
      schedulers: new Map([['chronos', scheduler]]),
      policy: {
        concurrency: 4,
        deadlineMs: 500,
        soakMs: 0,
        noOffersMs: 1000,
        maxTaskFailures: 3,
        onFailure: 'leave',
        force: false,
      },
      secrets: noSecrets(),
      clock: systemClock,
      log: silentLog(),
      signal,
    });
  };
  const idle = async (nodes: readonly Node[]): Promise<void> => {
    const { changes } = await planOf(nodes, 'abcdefg');
    expect(changes.filter(({ action }) => action !== 'none')).toEqual([]);
  };

  it('become what Git states with one write for each job that changes, and nothing invalid in between', async () => {
    await fc.assert(
      fc.asyncProperty(graph, graph, async (first, second) => {
        await close();
        await begin();
        await deploy(first);
        expect(writes).toHaveLength(first.length);
        await idle(first);

        const outcomes = await deploy(second);
        expect(outcomes.filter(({ state }) => state !== 'applied')).toEqual([]);
        const before = new Map(first.map((node) => [node.name, key(node)]));
        const after = new Set(second.map(({ name }) => name));
        const expected = [
          ...second.filter((node) => before.get(node.name) !== key(node)).map(({ name }) => `POST ${name}`),
          ...first.filter(({ name }) => !after.has(name)).map(({ name }) => `DELETE ${name}`),
        ];
        expect([...writes].sort()).toEqual(expected.sort());
        await idle(second);
        expect(harm).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 400_000);

  it('hold back the descendants of a job that is refused, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(graph, graph, fc.nat(), async (first, second, which) => {
        await close();
        await begin();
        await deploy(first);
        const bad = second[which % second.length]?.name ?? '';
        refuse = bad;
        const before = new Map(first.map((node) => [node.name, key(node)]));
        const byName = new Map(second.map((node) => [node.name, node]));
        const changes = (name: string): boolean => before.get(name) !== key(byName.get(name) as Node);
        fc.pre(changes(bad));
        // Below the refused job: what has to wait for it, directly or through another one that changes.
        const held = new Set([bad]);
        for (const { name, parents } of second)
          if (changes(name) && parents.some((parent) => held.has(parent))) held.add(name);

        const outcomes = await deploy(second);
        const gone = new Set(first.map(({ name }) => name).filter((name) => !byName.has(name)));
        for (const { id, state } of outcomes) {
          if (gone.has(id)) continue;
          expect({ id, ended: state === 'applied' }).toEqual({ id, ended: !held.has(id) });
        }
        expect(writes).not.toContain(`DELETE ${bad}`);
        expect(harm).toEqual([]);
        // What was held goes on when the cause is gone.
        refuse = undefined;
        await deploy(second);
        await idle(second);
        expect(harm).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }, 400_000);
});
