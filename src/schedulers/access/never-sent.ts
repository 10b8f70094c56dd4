/** Errors of connecting: not a byte of the request left. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True where a failed request can't have had an effect. */
export function neverSent(cause: unknown): boolean {
  return UNSENT.has(String((cause as { code?: unknown }).code ?? ''));
}
