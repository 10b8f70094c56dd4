import { isObject, type JsonObject } from '../../../domain/source/json.js';
import type { Clock } from '../../../ports/clock.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import type { MarathonClient } from './api/client.js';
import { pathOf } from './documents.js';

/** What everything that carries out a change works with. */
export interface Sending {
  client: MarathonClient;
  clock: Clock;
  /** When to give up, in ms since the epoch. */
  deadline: number;
  options: ApplyOptions;
  force: boolean;
  /** Work folder of Mesos' agents, for the paths of logs. */
  mesosWorkDir: string;
}

/** The definition as it stands now; undefined where there is none. */
export async function current(
  kind: string,
  id: string,
  { client, options }: Pick<Sending, 'client' | 'options'>,
): Promise<JsonObject | undefined> {
  const path =
    kind === 'pod'
      ? `/v2/pods${pathOf(id)}`
      : kind === 'group'
        ? `/v2/groups${pathOf(id)}?embed=group.groups`
        : `/v2/apps${pathOf(id)}`;
  const answer = await client.read(path, options.signal);
  if (!isObject(answer)) return undefined;
  if (kind !== 'app') return answer;
  return isObject(answer['app']) ? answer['app'] : undefined;
}
