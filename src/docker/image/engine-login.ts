import type { RegistryLogin } from '../../ports/image-registry.js';

/** A login in the engine's words; empty where there is none. */
export type EngineLogin =
  | { username: string; password: string; serveraddress: string }
  | { identitytoken: string; serveraddress: string }
  | { serveraddress: string };

export function engineLogin(host: string, login: RegistryLogin | undefined): EngineLogin {
  const serveraddress = host === 'docker.io' ? 'https://index.docker.io/v1/' : host;
  if (login === undefined) return { serveraddress };
  if (login.kind === 'identity-token') return { identitytoken: login.token, serveraddress };
  return { username: login.username, password: login.password, serveraddress };
}
