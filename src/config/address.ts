import type { Settings, Sourced } from './settings.js';

/**
 * An HTTP address with scheme, host and port and no trailing slash, or undefined with a finding. `scheme` is put before an
 * address without one. Addresses are printed and logged: user, password, query and fragment are refused, unseen.
 */
export function httpAddress(
  settings: Settings,
  { value, origin }: Sourced<string>,
  { scheme, login }: { scheme?: 'http' | 'https'; login: string },
): string | undefined {
  if (/^unix:/i.test(value)) {
    settings.problem(
      origin,
      'Unix sockets are not supported: every worker reaches its servers over HTTP alike',
      'Give the server an HTTP address on loopback, for example http://127.0.0.1:8500.',
    );
    return undefined;
  }
  const text =
    scheme !== undefined && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? `${scheme}://${value}` : value;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    settings.problem(origin, 'it is no HTTP address', 'Write it as http://HOST:PORT.');
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    settings.problem(origin, 'the address holds a user or password', login);
    return undefined;
  }
  if (url.search !== '' || url.hash !== '') {
    settings.problem(origin, 'the address holds a query or fragment', 'Write it as http://HOST:PORT.');
    return undefined;
  }
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** Tokens that hosting services take as a user name in a URL. */
const TOKEN = /^(gh[a-z]_|github_pat_|glpat-|ATBB|ATCTT)/;

/** A remote or path of a Git repository without secrets, or undefined with a finding. */
export function repositoryUrl(settings: Settings, url: Sourced<string> | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { value, origin } = url;
  const refuse = (message: string, fix: string): undefined => {
    settings.problem(origin, message, fix);
    return undefined;
  };
  if (value.startsWith('-')) return refuse('it begins with "-"', 'Write a URL or a path.');
  if (/^[a-z0-9+]+::/i.test(value))
    return refuse('transports that run a program are not supported', 'Use https, ssh or a path.');
  if (/[\u0000-\u001f\u007f]/.test(value))
    return refuse('it holds a control character', 'Write a URL or a path.');
  const parsed = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined;
  if (parsed !== undefined && (parsed.password !== '' || TOKEN.test(parsed.username)))
    return refuse('the URL holds a password or token', "Use ssh, or git's credential helper.");
  return value;
}

/** `HOST:PORT` to listen on, or undefined with a finding. */
export function listenAddress(settings: Settings, listen: Sourced<string> | undefined): string | undefined {
  if (listen === undefined) return undefined;
  const match = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):([0-9]{1,5})$/i.exec(listen.value);
  if (match !== null && Number(match[1]) <= 65_535) return listen.value;
  settings.problem(
    listen.origin,
    'it is no address to listen on',
    'Write it as HOST:PORT, for example 127.0.0.1:7070.',
  );
  return undefined;
}
