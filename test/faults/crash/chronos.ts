import type { JsonObject } from '../../../src/domain/source/json.js';
import type { Answered, Call } from './recorder.js';

const COUNTERS = { successCount: 0, errorCount: 0, lastSuccess: '', lastError: '' };

/** As much of Chronos 3.x as the driver needs, in memory. Every run succeeds at once. */
export class RecordedChronos {
  constructor(readonly jobs = new Map<string, JsonObject>()) {}

  copy(): RecordedChronos {
    return new RecordedChronos(structuredClone(this.jobs));
  }

  readonly answer = ({ method, path, body }: Call): Answered => {
    const at = path.replace(/^\/v1\/scheduler/, '');
    if (at === path) return { status: 404 };
    if (at === '/jobs') return { status: 200, body: [...this.jobs.values()] };
    if (at === '/leader') return { status: 200, body: { leader: 'a:4400' } };
    if (at === '/graph/csv') return { status: 200, body: this.#graph() };
    if (at === '/jobs/summary') return { status: 200, body: { jobs: this.#summary() } };
    if (method === 'POST') {
      const id = String(body['name']);
      this.jobs.set(id, { ...COUNTERS, ...body });
      return { status: 204, accepted: { verb: 'put', id, document: body } };
    }
    const id = at.slice('/job/'.length);
    const job = this.jobs.get(id);
    if (job === undefined) return { status: 400, body: { status: '400', message: 'not found' } };
    if (method === 'GET') return { status: 200, body: job };
    if (method === 'DELETE') {
      this.jobs.delete(id);
      return { status: 204, accepted: { verb: 'delete', id } };
    }
    this.jobs.set(id, { ...job, successCount: Number(job['successCount']) + 1 });
    return { status: 204, accepted: { verb: 'trigger', id } };
  };

  #graph(): string {
    const rows = [...this.jobs.values()].flatMap(({ name, parents }) => [
      `node,${String(name)},fresh,idle`,
      ...(Array.isArray(parents) ? parents : []).map((parent) => `link,${String(parent)},${String(name)}`),
    ]);
    return rows.join('\n');
  }

  #summary(): JsonObject[] {
    return [...this.jobs.keys()].map((name) => ({ name, status: 'fresh', state: 'idle' }));
  }
}
