import type { RuleCase } from './case.js';

const resources = { cpus: 0.1, mem: 32 };
const container = (more: object = {}, name = 'a') => ({
  name,
  resources,
  exec: { command: { shell: 'sleep 100' } },
  ...more,
});
const one = (more: object) => ({ containers: [container(more)] });
const endpoint = (more: object = {}) => ({ name: 'http', hostPort: 0, ...more });

/** Laid over a pod of one container that runs `sleep 100`. */
export const POD_CASES: readonly RuleCase[] = [
  {
    code: 'marathon/pod-names',
    bad: { containers: [container(), container()] },
    at: '/containers/1/name',
    good: { containers: [container(), container({}, 'b')] },
  },
  {
    code: 'marathon/pod-ports',
    bad: one({ endpoints: [endpoint({ hostPort: 80 }), endpoint({ hostPort: 80, name: 'b' })] }),
    at: '/containers/0/endpoints/1/hostPort',
    good: one({ endpoints: [endpoint(), endpoint({ name: 'b' })] }),
  },
  {
    code: 'marathon/pod-endpoints',
    bad: one({ endpoints: [endpoint({ containerPort: 80 })] }),
    at: '/containers/0/endpoints/0/containerPort',
    good: {
      ...one({ endpoints: [endpoint({ containerPort: 80 })] }),
      networks: [{ mode: 'container', name: 'n' }],
    },
  },
  {
    code: 'marathon/pod-command',
    bad: one({ exec: { command: { shell: 'x', argv: ['x'] } } }),
    at: '/containers/0/exec/command',
    good: one({ exec: { command: { argv: ['x'] } } }),
  },
  {
    code: 'marathon/pod-health-check',
    bad: one({ endpoints: [endpoint()], healthCheck: { http: { endpoint: 'other' } } }),
    at: '/containers/0/healthCheck/http/endpoint',
    good: one({ endpoints: [endpoint()], healthCheck: { http: { endpoint: 'http' } } }),
  },
  {
    code: 'marathon/pod-check-dropped',
    bad: one({ endpoints: [endpoint()], check: { http: { endpoint: 'http' } } }),
    at: '/containers/0/check',
    good: one({}),
  },
  {
    code: 'marathon/pod-limits',
    bad: one({ resourceLimits: { cpus: 0.01 } }),
    at: '/containers/0/resourceLimits/cpus',
    good: one({ resourceLimits: { cpus: 1 } }),
  },
  {
    code: 'marathon/pod-uri',
    bad: one({ artifacts: [{ uri: 'http://x/a b' }] }),
    at: '/containers/0/artifacts/0/uri',
    good: one({ artifacts: [{ uri: 'http://x/a' }] }),
  },
  {
    code: 'marathon/pod-volumes',
    bad: one({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    at: '/containers/0/volumeMounts/0/name',
    good: { ...one({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }), volumes: [{ name: 'v' }] },
  },
  {
    code: 'marathon/pod-volume-kind',
    bad: {
      ...one({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      volumes: [{ name: 'v', host: '/x', secret: 's' }],
      secrets: { s: { source: 'x' } },
    },
    at: '/volumes/0',
    good: {
      ...one({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      volumes: [{ name: 'v', host: '/x' }],
    },
  },
  {
    code: 'marathon/pod-constraint',
    bad: {
      scheduling: { placement: { constraints: [{ fieldName: 'hostname', operator: 'LIKE', value: '(' }] } },
    },
    at: '/scheduling/placement/constraints/0',
    good: {
      scheduling: { placement: { constraints: [{ fieldName: 'hostname', operator: 'LIKE', value: 'a.*' }] } },
    },
  },
  {
    code: 'marathon/pod-resident',
    bad: {
      ...one({ volumeMounts: [{ name: 'v', mountPath: 'v' }] }),
      volumes: [{ name: 'v', persistent: { size: 1 } }],
      scheduling: { upgrade: { maximumOverCapacity: 1 } },
    },
    at: '/scheduling/upgrade/maximumOverCapacity',
    good: {
      ...one({ volumeMounts: [{ name: 'v', mountPath: 'v' }] }),
      volumes: [{ name: 'v', persistent: { size: 1 } }],
      scheduling: { upgrade: { maximumOverCapacity: 0 } },
    },
  },
  {
    code: 'marathon/pod-seccomp',
    bad: { linuxInfo: { seccomp: { unconfined: true } } },
    at: '/linuxInfo/seccomp',
    good: one({ linuxInfo: { seccomp: { unconfined: true } } }),
  },
  {
    code: 'marathon/pod-secret-undeclared',
    bad: { environment: { A: { secret: 's' } } },
    at: '/environment/A',
    good: { environment: { A: { secret: 's' } }, secrets: { s: { source: 'x' } } },
  },
];
