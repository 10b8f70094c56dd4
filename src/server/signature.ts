import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isSame, textOf, timedSignature } from './delivery.js';

/**
 * GitHub, Gitea and Bitbucket sign the body; GitLab sends the secret itself, or signs with a time; registries send the secret
 * as their authorization (reference: edges.md §6). `now` in ms since the epoch.
 */
export function isAuthentic(
  headers: IncomingHttpHeaders,
  body: Buffer,
  secret: string,
  now: number = Date.now(),
): boolean {
  const timed = timedSignature(headers, body, { secret, now });
  if (timed !== undefined) return timed;
  const token = textOf(headers, 'x-gitlab-token');
  if (token !== undefined) return isSame(token, secret);
  const signature =
    textOf(headers, 'x-gitea-signature') ??
    (textOf(headers, 'x-hub-signature-256') ?? textOf(headers, 'x-hub-signature'))?.replace(/^sha256=/, '');
  if (signature !== undefined)
    return isSame(signature, createHmac('sha256', secret).update(body).digest('hex'));
  const authorization = textOf(headers, 'authorization')?.replace(/^Bearer /i, '');
  return authorization !== undefined && isSame(authorization, secret);
}
