// The walls of the house (docs/architecture.md): who may import whom. `npm run lint` and a test hold them.
const not = (...paths) => paths;

/** One folder may import only the listed folders (and packages). */
function only(name, from, allowed, comment) {
  return {
    name,
    severity: 'error',
    comment,
    from: { path: from, pathNot: '\\.(spec|contract)\\.ts$' },
    to: { path: '^src/', pathNot: not(from, ...allowed) },
  };
}

const DOMAIN = '^src/domain/';
const PORTS = '^src/ports/';
const RUNTIME = '^src/runtime/';

export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two modules that need each other are one module, or a third is missing.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-packages',
      severity: 'error',
      comment:
        'Domain code is pure: it may use yaml, jsonc-parser, ajv, luxon, picomatch and node:crypto only.',
      from: { path: DOMAIN, pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm', 'core'],
        pathNot: '(^|/)(yaml|jsonc-parser|ajv|ajv-formats|luxon|picomatch)(/|$)|^(node:)?crypto$',
      },
    },
    only('domain', DOMAIN, [], 'Domain code sees itself only.'),
    only('domain-source', '^src/domain/source/', [], 'The walk: source/ is the first room.'),
    only('domain-job', '^src/domain/job/', ['^src/domain/source/'], 'The walk: job/ sees source/.'),
    only(
      'domain-plan',
      '^src/domain/plan/',
      ['^src/domain/(source|job)/'],
      'The walk: plan/ sees source/ and job/.',
    ),
    only(
      'domain-record',
      '^src/domain/record/',
      ['^src/domain/(source|job|plan)/'],
      'The walk: record/ sees all before it.',
    ),
    only(
      'domain-release',
      '^src/domain/release/',
      ['^src/domain/(source|job)/'],
      'release/ sees source/ and job/.',
    ),
    only(
      'domain-edit',
      '^src/domain/edit/',
      ['^src/domain/(source|job|plan)/'],
      'edit/ sees source/, job/ and plan/.',
    ),
    only(
      'domain-push',
      '^src/domain/push/',
      ['^src/domain/(source|trust)/'],
      'push/ sees source/ and trust/.',
    ),
    only('domain-trust', '^src/domain/trust/', ['^src/domain/source/'], 'trust/ sees source/.'),
    only('runtime', RUNTIME, [], 'runtime/ knows nothing above it.'),
    only('ports', PORTS, [DOMAIN, RUNTIME], 'Ports are interfaces over domain words.'),
    only('git', '^src/git/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('consul', '^src/consul/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('forges', '^src/forges/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('triggers', '^src/triggers/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('outbox', '^src/outbox/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('docker', '^src/docker/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('registry', '^src/registry/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('ledger', '^src/ledger/', [DOMAIN, PORTS, RUNTIME], 'Adapters never see each other.'),
    only('scheduler-model', '^src/schedulers/[^/]+/model/', [DOMAIN], 'A model is pure.'),
    only(
      'scheduler-driver',
      '^src/schedulers/[^/]+/driver/',
      [DOMAIN, PORTS, RUNTIME, '^src/schedulers/([^/]+/model|access)/'],
      'A driver sees its model, the ways in that all share, ports, runtime and domain.',
    ),
    {
      name: 'schedulers-apart',
      severity: 'error',
      comment: 'Schedulers never see each other.',
      from: { path: '^src/schedulers/([^/]+)/' },
      to: { path: '^src/schedulers/([^/]+)/', pathNot: '^src/schedulers/($1|access)/' },
    },
    only('queries', '^src/queries/', [DOMAIN, PORTS, RUNTIME], 'Queries see ports, never adapters.'),
    only(
      'workers',
      '^src/workers/',
      [DOMAIN, PORTS, RUNTIME, '^src/queries/'],
      'Workers see queries and ports, never adapters.',
    ),
    {
      name: 'workers-apart',
      severity: 'error',
      comment: 'Workers never see workers: they meet in KV and Git.',
      from: { path: '^src/workers/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/workers/([^/]+)/', pathNot: '^src/workers/$1/' },
    },
    {
      name: 'plan-is-pure',
      severity: 'error',
      comment: 'plan.ts sees domain only.',
      from: { path: '^src/workers/[^/]+/plan\\.ts$' },
      to: { path: '^src/(?!domain/)' },
    },
    only(
      'config',
      '^src/config/',
      [DOMAIN, RUNTIME],
      'config/ is read by compose.ts only and knows no worker.',
    ),
    {
      name: 'config-only-from-cli',
      severity: 'error',
      comment: 'Only cli/ reads configuration; everything else is passed what it needs.',
      from: { path: '^src/', pathNot: '^src/(cli|config)/' },
      to: { path: '^src/config/' },
    },
    only(
      'server',
      '^src/server/',
      [DOMAIN, PORTS, RUNTIME, '^src/(queries|workers)/'],
      'server/ sits above workers.',
    ),
    only(
      'sandbox',
      '^src/sandbox/',
      [RUNTIME, PORTS],
      'The sandbox is reached by URL and shares no code with what it stands in for.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
