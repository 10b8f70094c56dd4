import { createHmac } from 'node:crypto';
import { isZeroId } from '../domain/source/revision.js';
import type { PushEvent } from '../domain/push/index.js';
import type { BuildTrigger } from '../ports/build-trigger.js';
import { call, refusal, type TargetAccess } from './call.js';

export interface WebhookOptions extends TargetAccess {
  /** Shared with the receiver; undefined: not signed. */
  secret?: string;
}

/** Any program that takes a webhook, signed as GitHub signs. */
export function webhookTrigger(options: WebhookOptions): BuildTrigger {
  const { name, url, secret } = options;
  return {
    name,
    async start(event, { signal }) {
      const body = JSON.stringify(pushBody(event));
      const answer = await call(options, {
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/json',
          'x-towline-event': 'push',
          'x-towline-delivery': event.id,
          'idempotency-key': event.id,
          ...(secret === undefined ? {} : { 'x-hub-signature-256': signatureOf(body, secret) }),
        },
        body,
        signal,
      });
      if (answer.status < 200 || answer.status >= 300)
        throw refusal(name, answer, 'Check url and secret of this trigger.');
      return `it answered ${answer.status}`;
    },
  };
}

/** As GitHub says it of a push, with all refs where there are several. */
function pushBody({ id, at, repository, refs }: PushEvent): object {
  const [first] = refs;
  const said = refs.map(({ name, from, to, commit, forced }) => ({
    ref: name,
    before: from,
    after: to,
    ...(commit === undefined ? {} : { commit }),
    created: isZeroId(from),
    deleted: isZeroId(to),
    forced,
  }));
  return { id, at, repository: { name: repository }, ...said[0], ref: first.name, refs: said };
}

/** The receiver checks it over the raw body. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
