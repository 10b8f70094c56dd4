import { isObject, type Json } from '../../../../domain/source/json.js';
import type { Log } from '../../../../runtime/log.js';
import { Bell } from '../../../../runtime/wake.js';
import { plain } from './answers.js';
import type { MarathonClient } from './client.js';
import { listen } from './events.js';

/** A task that ended, as the event stream told it. */
export interface TaskEnd {
  taskId: string;
  /** `TASK_FAILED`, `TASK_FINISHED`, … */
  state: string;
  host: string;
  agentId: string;
  message: string;
  /** Of the definition that it ran. */
  version: string;
}

/** What one who waits for a job gets from the events of that job. */
export interface Following {
  /** Ends at the next event of the job, or after `ms`, whichever is first. */
  pause(ms: number): Promise<void>;
  /** Tasks that ended since the last call. */
  ended(): TaskEnd[];
}

/** States in which a task is over. Kills are told apart elsewhere: most of them are wanted. */
const OVER = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
]);

/**
 * One event stream for all who wait. Events have neither replay nor order, so they only end pauses early and tell what
 * polling could miss: tasks that lived for less than a pause. After each reconnect everybody looks.
 */
export class EventHub {
  readonly #followers = new Set<{ id: string; quoted: string; bell: Bell; ends: TaskEnd[] }>();
  #listening: Promise<void> | undefined;

  constructor(
    readonly client: MarathonClient,
    readonly options: { signal: AbortSignal; log: Log; pollMs: number },
  ) {}

  async follow<T>(id: string, signal: AbortSignal, work: (following: Following) => Promise<T>): Promise<T> {
    this.#listening ??= listen(this.client, (text) => this.#news(text), this.options);
    const follower = { id, quoted: JSON.stringify(id), bell: new Bell(), ends: [] as TaskEnd[] };
    this.#followers.add(follower);
    try {
      return await work({
        pause: (ms) => follower.bell.wait(Math.min(ms, this.options.pollMs), signal),
        ended: () => follower.ends.splice(0),
      });
    } finally {
      this.#followers.delete(follower);
    }
  }

  async close(): Promise<void> {
    await this.#listening?.catch(() => undefined);
  }

  #news(text: string | undefined): void {
    const end = text === undefined ? undefined : endIn(text);
    for (const follower of this.#followers) {
      if (text !== undefined && !text.includes(follower.quoted)) continue;
      if (end !== undefined && end.jobId === follower.id) follower.ends.push(end.end);
      follower.bell.ring();
    }
  }
}

function endIn(text: string): { jobId: string; end: TaskEnd } | undefined {
  if (!text.includes('status_update_event')) return undefined;
  let event: Json;
  try {
    event = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(event) || event['eventType'] !== 'status_update_event') return undefined;
  const [jobId, taskId, state] = ['appId', 'taskId', 'taskStatus'].map((name) => textOf(event[name]));
  if (jobId === '' || jobId === undefined || taskId === undefined || !OVER.has(state ?? '')) return undefined;
  return {
    jobId,
    end: {
      taskId,
      state: state ?? '',
      host: textOf(event['host']),
      agentId: textOf(event['slaveId']),
      message: plain(textOf(event['message'])),
      version: textOf(event['version']),
    },
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
