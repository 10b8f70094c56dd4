import { describe } from '@jest/globals';
import { buildTriggerContract, type TriggerUnderTest } from '../../src/ports/build-trigger.contract.js';
import { githubTrigger, gitlabTrigger, jenkinsTrigger, webhookTrigger } from '../../src/triggers/index.js';
import { sendJson, type Asked } from '../fakes/local-server.js';

const SECRET = 'canary-token-9876';

const form = ({ text }: Asked, name: (variable: string) => string): ReturnType<TriggerUnderTest['told']> => {
  const values = new URLSearchParams(text);
  return {
    id: values.get(name('TOWLINE_EVENT')),
    ref: values.get(name('TOWLINE_REF')),
    revision: values.get(name('TOWLINE_REVISION')),
  };
};

describe('Jenkins by an API token', () => {
  buildTriggerContract({
    make: (access) =>
      jenkinsTrigger({ ...access, name: 'ci', job: 'team a/deploy', user: 'ann', secret: { token: SECRET } }),
    secret: SECRET,
    accepts: (r) => r.writeHead(201, { location: 'http://jenkins/queue/item/42/' }).end(),
    told: (asked) => form(asked, (name) => name),
  });
});

describe('GitLab', () => {
  buildTriggerContract({
    make: (access) => gitlabTrigger({ ...access, name: 'ci', project: 'group/jobs', token: SECRET }),
    secret: SECRET,
    accepts: (r) => sendJson(r, { id: 7 }, 201),
    told: (asked) => form(asked, (name) => `variables[${name}]`),
  });
});

describe('GitHub', () => {
  buildTriggerContract({
    make: (access) =>
      githubTrigger({ ...access, name: 'ci', project: 'o/jobs', token: SECRET, eventType: 'pushed' }),
    secret: SECRET,
    accepts: (r) => r.writeHead(204).end(),
    told: ({ body }) => {
      const { id, ref, revision } = (body as { client_payload: Record<string, unknown> }).client_payload;
      return { id, ref, revision };
    },
  });
});

describe('a webhook', () => {
  buildTriggerContract({
    make: (access) => webhookTrigger({ ...access, name: 'ci', secret: SECRET }),
    secret: SECRET,
    accepts: (r) => r.writeHead(202).end(),
    told: ({ body }) => {
      const { id, ref, commit } = body as Record<string, unknown>;
      return { id, ref, revision: commit };
    },
    anyBody: true,
  });
});
