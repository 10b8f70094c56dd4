import { httpAddress } from './address.js';
import type { ForgeConfig } from './config.js';
import { FORGE_KINDS } from './defaults.js';
import type { Settings, Sourced } from './settings.js';

const THIS_MACHINE = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:|$|\/)/i;

/** An address that a token is sent to: never in plain, but on this machine. `variable` is another place for the token. */
export function tokenAddress(
  settings: Settings,
  given: Sourced<string>,
  variable: string,
): string | undefined {
  const login = `Take it out; the token comes from tokenFile or ${variable}.`;
  const url = httpAddress(settings, given, { scheme: 'https', login });
  if (url !== undefined && !/^https:/i.test(url) && !THIS_MACHINE.test(url))
    settings.problem(
      given.origin,
      'the token would go over this address readable for everybody',
      'Use https.',
    );
  return url;
}

/** A project of a forge, with its token; `purpose` is a part of the variable's name: `TOWLINE_STATUS_GITHUB_TOKEN`. */
export async function forgeAt(
  settings: Settings,
  at: string,
  purpose: 'STATUS' | 'PROMOTE',
): Promise<ForgeConfig | undefined> {
  const kind = settings.oneOf(FORGE_KINDS, settings.text(`${at}/kind`));
  const given = settings.text(`${at}/url`);
  const project = settings.text(`${at}/project`)?.value.replace(/^\/+|\/+$/g, '');
  if (kind === undefined || given === undefined || project === undefined) return undefined;
  const variable = `TOWLINE_${purpose}_${kind.toUpperCase()}_TOKEN`;
  const url = tokenAddress(settings, given, variable);
  const token = await secretFrom(settings, variable, settings.text(`${at}/tokenFile`));
  if (url === undefined) return undefined;
  return { kind, url, project, ...(token === undefined ? {} : { token }) };
}

/** A secret from a variable, else from a file. */
export async function secretFrom(
  settings: Settings,
  variable: string,
  file: Sourced<string> | undefined,
): Promise<string | undefined> {
  return settings.variable(variable)?.value ?? (await settings.secret(file));
}
