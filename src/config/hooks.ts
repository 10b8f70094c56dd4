import { isObject, pointer } from '../domain/source/json.js';
import type { HooksConfig, TriggerConfig } from './config.js';
import { DEFAULTS, ON_TIMEOUT, TRIGGER_KINDS } from './defaults.js';
import type { Settings } from './settings.js';
import { secretFrom, tokenAddress } from './token-address.js';

/** `hooks` of towline.yaml. */
export async function hooksConfig(settings: Settings): Promise<HooksConfig> {
  const { hooks } = DEFAULTS;
  const triggers: TriggerConfig[] = [];
  for (const index of settings.items('/hooks/triggers').keys()) {
    const trigger = await triggerConfig(settings, index);
    if (trigger === undefined) continue;
    if (triggers.some(({ name }) => name === trigger.name))
      settings.problem(
        { at: pointer('hooks', 'triggers', index) },
        `there are two triggers with the name ${trigger.name}`,
        'Give each a name of its own.',
      );
    triggers.push(trigger);
  }
  const recordWriters = settings.list('/hooks/recordWriters').map(({ value }) => value);
  return {
    timeoutSeconds: settings.number('/hooks/timeoutSeconds') ?? hooks.timeoutSeconds,
    onTimeout: settings.oneOf(ON_TIMEOUT, settings.text('/hooks/onTimeout')) ?? hooks.onTimeout,
    requireSigned:
      settings.boolean('/hooks/requireSigned') ??
      (Array.isArray(settings.value('/hooks/requireSigned'))
        ? settings.list('/hooks/requireSigned').map(({ value }) => value)
        : hooks.requireSigned),
    protect: settings.items('/hooks/protect').map((_, index) => ({
      paths: settings.list(pointer('hooks', 'protect', index, 'paths')).map(({ value }) => value),
      allow: settings.list(pointer('hooks', 'protect', index, 'allow')).map(({ value }) => value),
    })),
    ...(recordWriters.length === 0 ? {} : { recordWriters }),
    triggers,
  };
}

/** Undefined, with a finding, where something that the kind needs is missing. */
async function triggerConfig(settings: Settings, index: number): Promise<TriggerConfig | undefined> {
  const at = (field: string): string => pointer('hooks', 'triggers', index, field);
  const text = (field: string): string | undefined => settings.text(at(field))?.value;
  const here = { at: pointer('hooks', 'triggers', index) };
  const kind = settings.oneOf(TRIGGER_KINDS, settings.text(at('kind')));
  if (kind === undefined) return undefined;
  const name = text('name') ?? kind;
  const list = (field: string): string[] | undefined =>
    Array.isArray(settings.value(at(field))) ? settings.list(at(field)).map(({ value }) => value) : undefined;
  const common = {
    name,
    filter: {
      branches: list('branches') ?? [...DEFAULTS.hooks.branches],
      tags: list('tags') ?? [],
      deletes: settings.boolean(at('deletes')) ?? kind === 'webhook',
    },
  };
  if (kind === 'mirror') return { kind, ...common };
  const need = (field: string): string | undefined => {
    const value = text(field);
    if (value === undefined)
      settings.problem(here, `a trigger of the kind ${kind} needs ${field}`, `Add ${field} to it.`);
    return value;
  };
  const given = settings.text(at('url'));
  const variable = `TOWLINE_TRIGGER_${name.toUpperCase().replaceAll('-', '_')}`;
  const url = given === undefined ? need('url') : tokenAddress(settings, given, `${variable}_TOKEN`);
  const token = await secretFrom(settings, `${variable}_TOKEN`, settings.text(at('tokenFile')));
  const parameters = textsOf(settings, at('parameters'));
  const timeoutMs = (settings.number(at('timeoutSeconds')) ?? DEFAULTS.hooks.triggerSeconds) * 1000;
  const reached = { ...common, parameters, timeoutMs, ...(token === undefined ? {} : { token }) };
  switch (kind) {
    case 'jenkins': {
      const [job, user] = [need('job'), need('user')];
      const password = await secretFrom(settings, `${variable}_PASSWORD`, settings.text(at('passwordFile')));
      if (url === undefined || job === undefined || user === undefined) return undefined;
      return { kind, ...reached, url, job, user, ...(password === undefined ? {} : { password }) };
    }
    case 'gitlab': {
      const [project, ref] = [need('project'), text('ref')];
      if (url === undefined || project === undefined) return undefined;
      return { kind, ...reached, url, project, ...(ref === undefined ? {} : { ref }) };
    }
    case 'github': {
      const project = need('project');
      const eventType = text('eventType') ?? DEFAULTS.hooks.eventType;
      return url === undefined || project === undefined
        ? undefined
        : { kind, ...reached, url, project, eventType };
    }
    case 'webhook':
      return url === undefined ? undefined : { kind, ...reached, url };
  }
}

function textsOf(settings: Settings, at: string): Record<string, string> {
  const value = settings.value(at);
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
