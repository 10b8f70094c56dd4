import { pointer } from '../domain/source/json.js';
import { repositoryUrl } from './address.js';
import type { RemoteConfig } from './config.js';
import { DEFAULTS, HISTORY } from './defaults.js';
import type { Settings } from './settings.js';

/** The remotes of the file, with what variables say of their tokens. */
export async function remoteConfigs(settings: Settings): Promise<RemoteConfig[]> {
  const remotes: RemoteConfig[] = [];
  for (const name of settings.names('/remotes')) {
    const remote = await remoteConfig(settings, name);
    if (remote !== undefined) remotes.push(remote);
  }
  return remotes;
}

async function remoteConfig(settings: Settings, name: string): Promise<RemoteConfig | undefined> {
  const at = (...rest: string[]): string => pointer('remotes', name, ...rest);
  const url = repositoryUrl(settings, settings.text(at('url')));
  const variable = `TOWLINE_REMOTE_${name}_TOKEN`.toUpperCase().replaceAll('-', '_');
  const token = settings.variable(variable)?.value ?? (await settings.secret(settings.text(at('tokenFile'))));
  const user = settings.text(at('user'))?.value;
  const [sshKeyFile, knownHostsFile] = ['sshKeyFile', 'knownHostsFile'].map((field) => {
    const file = settings.text(at(field));
    // OpenSSH has a meaning of its own for these, and no way to take it back.
    if (file !== undefined && /["%\n]|\$\{/.test(file.value))
      settings.problem(file.origin, 'its path holds one of " % ${', 'Give the file another name.');
    return file?.value;
  });
  const history = settings.oneOf(HISTORY, settings.text(at('history')));
  if (url === undefined) return undefined;
  if (
    token !== undefined &&
    !/^https:\/\//i.test(url) &&
    !/^http:\/\/(127\.|localhost[:/]|\[::1\])/i.test(url)
  )
    settings.problem(
      { at: at('url') },
      'a token would go over this address readable for everybody, or not at all',
      'Use https.',
    );
  return {
    name,
    url,
    ...(user === undefined ? {} : { user }),
    ...(token === undefined ? {} : { token }),
    ...(sshKeyFile === undefined ? {} : { sshKeyFile }),
    ...(knownHostsFile === undefined ? {} : { knownHostsFile }),
    timeoutSeconds: settings.number(at('timeoutSeconds')) ?? DEFAULTS.remote.timeoutSeconds,
    ...(history === undefined ? {} : { history }),
  };
}
