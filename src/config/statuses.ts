import { pointer } from '../domain/source/json.js';
import type { StatusConfig } from './config.js';
import type { Settings } from './settings.js';
import { forgeAt } from './token-address.js';

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
  const at = pointer('statuses', index);
  const forge = await forgeAt(settings, at, 'STATUS');
  const targetUrl = settings.text(`${at}/targetUrl`)?.value;
  return forge === undefined ? undefined : { ...forge, ...(targetUrl === undefined ? {} : { targetUrl }) };
}
