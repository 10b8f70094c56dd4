/** Errors of connecting: not a byte of the request left. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A certificate that was not accepted: the connection ended before a request. */
const UNTRUSTED =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY|DECRYPT)|ERR_TLS_CERT_)/;

/** True where a failed request can't have had an effect. */
export function neverSent(cause: unknown): boolean {
  return UNSENT.has(codeOf(cause)) || isUntrusted(cause);
}

/** What a person can look at when a server could not be reached. */
export function accessHelp(cause: unknown, url: string): string {
  if (isUntrusted(cause)) return 'Check caCert and tlsServerName of the scheduler. Nothing was changed.';
  const closed = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(cause));
  const wants =
    url.startsWith('https:') && (closed || codeOf(cause).startsWith('ERR_SSL_'))
      ? ' A server that wants a client certificate (clientCert, clientKey) closes the connection without it.'
      : '';
  return `Check the address in towline.yaml and that it is up. Nothing was changed.${wants}`;
}

function isUntrusted(cause: unknown): boolean {
  return UNTRUSTED.test(codeOf(cause));
}

function codeOf(cause: unknown): string {
  return String((cause as { code?: unknown } | undefined)?.code ?? '');
}
