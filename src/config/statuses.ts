import { pointer } from '../domain/source/json.js';
import { httpAddress } from './address.js';
import type { StatusConfig } from './config.js';
import { STATUS_KINDS } from './defaults.js';
import type { Settings } from './settings.js';

/** The forges of the file that are told how revisions stand, with their tokens. */
export async function statusConfigs(settings: Settings): Promise<StatusConfig[]> {
  const statuses: StatusConfig[] = [];
  for (const index of settings.items('/statuses').keys()) {
    const status = await statusConfig(settings, index);
    if (status !== undefined) statuses.push(status);
  }
  return statuses;
}

async function statusConfig(settings: Settings, index: number): Promise<StatusConfig | undefined> {
  const at = (field: string): string => pointer('statuses', index, field);
  const kind = settings.oneOf(STATUS_KINDS, settings.text(at('kind')));
  const given = settings.text(at('url'));
  const project = settings.text(at('project'))?.value.replace(/^\/+|\/+$/g, '');
  const targetUrl = settings.text(at('targetUrl'))?.value;
  if (kind === undefined || given === undefined || project === undefined) return undefined;
  const variable = `TOWLINE_STATUS_${kind.toUpperCase()}_TOKEN`;
  const login = `Take it out; the token comes from tokenFile or ${variable}.`;
  const url = httpAddress(settings, given, { scheme: 'https', login });
  const token = settings.variable(variable)?.value ?? (await settings.secret(settings.text(at('tokenFile'))));
  if (url === undefined) return undefined;
  if (!/^https:/i.test(url) && !/^http:\/\/(127\.|localhost(:|$|\/)|\[::1\])/i.test(url))
    settings.problem(
      given.origin,
      'the token would go over this address readable for everybody',
      'Use https.',
    );
  return {
    kind,
    url,
    project,
    ...(token === undefined ? {} : { token }),
    ...(targetUrl === undefined ? {} : { targetUrl }),
  };
}
