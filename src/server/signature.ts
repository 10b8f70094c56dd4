import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** GitHub, Gitea and Bitbucket sign the body; GitLab sends the secret itself (reference: edges.md §6). */
export function isAuthentic(headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean {
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const token = text('x-gitlab-token');
  if (token !== undefined) return same(token, secret);
  const signature =
    text('x-gitea-signature') ??
    (text('x-hub-signature-256') ?? text('x-hub-signature'))?.replace(/^sha256=/, '');
  if (signature === undefined) return false;
  return same(signature, createHmac('sha256', secret).update(body).digest('hex'));
}

/** Compares in constant time; the digests hide the lengths. */
function same(a: string, b: string): boolean {
  const hash = (value: string): Buffer => createHmac('sha256', 'compare').update(value).digest();
  return timingSafeEqual(hash(a), hash(b));
}
