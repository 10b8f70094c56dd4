/** What holds where neither file nor variable nor flag says anything. The schema shows the same values. */
export const DEFAULTS = {
  repository: {
    store: '.towline/repositories',
    author: { name: 'Towline', email: 'towline@localhost' },
  },
  consul: { address: 'http://127.0.0.1:8500', verify: true, prefix: 'towline/' },
  environment: {
    branch: 'main',
    folder: '',
    deploy: {
      timeoutSeconds: 600,
      soakSeconds: 10,
      noOffersSeconds: 180,
      maxTaskFailures: 3,
      concurrency: 4,
      onFailure: 'rollback',
      force: false,
    },
    prune: { enabled: true, maxCount: 10, maxShare: 0.3 },
  },
  promote: { healthyFor: '0s', pin: 'keep', via: 'push' },
  gates: {
    approval: { required: 1, authorMayApprove: false, signed: true, minChanges: 1 },
    // Of a radius that states one of the two only: the other never holds.
    radius: { maxCount: Number.MAX_SAFE_INTEGER, maxShare: 1 },
    breakGlass: { signed: false, maxMinutes: 60 },
  },
  mirror: {
    deletes: { maxCount: 1000, maxShare: 0.5 },
    foreign: 'keep',
    drift: 'repair',
    rewritten: 'follow',
  },
  lookup: { scheme: 'http', path: '' },
  gone: 'keep',
  links: 'skip',
  remote: { timeoutSeconds: 120 },
  expand: { arrays: 'index', ignoreExtension: false },
  policy: { level: 'error' },
  ledger: {
    branch: 'ledger/{environment}',
    required: true,
    whenAway: 'stop',
    signed: false,
    keepInputBytes: 4 * 1024 * 1024,
  },
  signers: { file: '.towline/allowed_signers', keys: '.towline/keys' },
  notes: false,
  hooks: {
    timeoutSeconds: 30,
    onTimeout: 'refuse',
    requireSigned: false,
    branches: ['**'],
    eventType: 'towline-push',
    triggerSeconds: 10,
  },
  server: { listen: '127.0.0.1:7070' },
  poll: { intervalSeconds: 60, reconcileSeconds: 300 },
  log: { level: 'info', format: 'auto' },
} as const;

/** What becomes of a pass while its ledger is away. */
export const WHEN_AWAY = ['stop', 'journal'] as const;

/** What is done about a change that failed. */
export const ON_FAILURE = ['rollback', 'hold', 'leave'] as const;

/** What a gate can be about. */
export const GATED_ACTIONS = ['create', 'update', 'scale', 'restart', 'trigger', 'kill', 'delete'] as const;

/** How lists become keys. */
export const EXPAND_ARRAYS = ['index', 'json', 'drop'] as const;

export const MIRROR_POLICY = {
  foreign: ['keep', 'delete'],
  drift: ['repair', 'report'],
  rewritten: ['follow', 'hold'],
  gone: ['keep', 'delete'],
  links: ['skip', 'follow'],
} as const;
/** Forges that take statuses of commits. */
export const STATUS_KINDS = ['github', 'gitlab', 'gitea'] as const;
export const FORGE_KINDS = STATUS_KINDS;

export const PROMOTE_PINS = ['keep', 'digest'] as const;
export const PROMOTE_VIAS = ['push', 'merge-request', 'push-options'] as const;

/** What a push can start. */
export const TRIGGER_KINDS = ['jenkins', 'gitlab', 'github', 'webhook', 'mirror'] as const;

/** What becomes of a push that could not be checked in time. */
export const ON_TIMEOUT = ['refuse', 'accept'] as const;

/** How much of a remote's history its local copy has. */
export const HISTORY = ['full', 'tip'] as const;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const;
/** The adapters of schedulers, where the caller names no others. */
export const SCHEDULER_KINDS = ['marathon', 'chronos'] as const;

/** What a rule for manifests can weigh. */
export const RULE_LEVELS = ['error', 'warning', 'ignore'] as const;
