import path from 'node:path';
import type { TriggerConfig } from '../../config/config.js';
import type { EventFilter } from '../../domain/push/index.js';
import type { BuildTrigger } from '../../ports/build-trigger.js';
import { fileOutbox } from '../../outbox/index.js';
import type { Outbox } from '../../ports/outbox.js';
import { TowlineError } from '../../runtime/errors.js';
import { systemClock } from '../../runtime/system-clock.js';
import { gitConfigValue } from '../git-config.js';
import { UNREAD } from '../settings.js';
import { mirrorTrigger, notifyTrigger } from './own-triggers.js';
import type { HookPlace, HookSession } from './session.js';

/** What a push is sent to: a name for the outbox, and which refs. */
export interface Target {
  name: string;
  filter: EventFilter;
  /** Of several events of a ref only the last counts. */
  latest: boolean;
  trigger(): Promise<BuildTrigger>;
}

/** Names that the two targets without a configuration have. */
const OWN = { mirror: 'mirror', notify: 'notify' } as const;
const BRANCHES: EventFilter = { branches: ['**'], tags: [], deletes: false };

export interface HookFlags {
  notify?: string;
}

export function outboxOf(location: string): Outbox {
  return fileOutbox({ folder: path.join(location, 'towline', 'outbox'), clock: systemClock });
}

/**
 * What pushes to this repository are sent to: the triggers of the pinned configuration, a running towline that is to be
 * told, and, where neither is, the mirror. Triggers of a configuration that came with a push do not count: whoever may push
 * must not have tokens of this machine sent somewhere.
 */
export async function targetsOf(
  pinned: HookSession | undefined,
  place: HookPlace,
  { notify: asked }: HookFlags,
): Promise<Target[]> {
  const notify = asked ?? (await gitConfigValue(place.location, 'towline.notify', place.io));
  const targets = (pinned?.config.hooks.triggers ?? []).map((config) => targetOf(config, place));
  if (notify !== undefined) {
    const given = pinned?.config.server.webhookSecret ?? place.io.env['TOWLINE_WEBHOOK_SECRET'];
    const secret = given === UNREAD || given === '' ? undefined : given;
    targets.push({
      name: OWN.notify,
      filter: BRANCHES,
      latest: true,
      trigger: async () => notifyTrigger({ name: OWN.notify, url: notify, secret, place }),
    });
  }
  if (targets.length === 0)
    targets.push({
      name: OWN.mirror,
      filter: BRANCHES,
      latest: true,
      trigger: async () => mirrorTrigger(OWN.mirror, place),
    });
  return targets;
}

function targetOf(config: TriggerConfig, place: HookPlace): Target {
  const { name, filter } = config;
  return { name, filter, latest: config.kind === 'mirror', trigger: () => triggerOf(config, place) };
}

async function triggerOf(config: TriggerConfig, place: HookPlace): Promise<BuildTrigger> {
  const { name } = config;
  if (config.kind === 'mirror') return mirrorTrigger(name, place);
  const { githubTrigger, gitlabTrigger, jenkinsTrigger, webhookTrigger } =
    await import('../../triggers/index.js');
  const { token, ...reached } = config;
  switch (config.kind) {
    case 'webhook':
      return webhookTrigger({ ...reached, ...(token === undefined ? {} : { secret: token }) });
    case 'jenkins': {
      const { password } = config;
      if (token === undefined && password !== undefined)
        return jenkinsTrigger({ ...config, secret: { password } });
      return token === undefined ? without(name) : jenkinsTrigger({ ...config, secret: { token } });
    }
    case 'gitlab':
      return token === undefined ? without(name) : gitlabTrigger({ ...config, token });
    case 'github':
      return token === undefined ? without(name) : githubTrigger({ ...config, token });
  }
}

/** Its events wait until there is a token: that is nothing that is wrong with them. */
function without(name: string): BuildTrigger {
  const variable = `TOWLINE_TRIGGER_${name.toUpperCase().replaceAll('-', '_')}_TOKEN`;
  return {
    name,
    start: () =>
      Promise.reject(
        new TowlineError('trigger-token', 'unavailable', `there is no token for ${name}`, {
          help: `Name a tokenFile, or set ${variable} for the process that git runs hooks in.`,
        }),
      ),
  };
}
