import type { ExpandOptions } from '../domain/source/expand/index.js';
import type { RulePolicy } from '../domain/job/validate/rule-policy.js';

/** One scheduler of an environment. */
export interface SchedulerConfig {
  /** Name in the environment; references begin with it. */
  name: string;
  /** `marathon`, `chronos`: the adapter. By default the name. */
  kind: string;
  /** One or more addresses of the same scheduler, tried in order. */
  urls: string[];
  user?: string;
  /** Read from `passwordFile` or the environment, never from towline.yaml itself. */
  password?: string;
  token?: string;
  /** Facts that the adapter's model understands, for example `mesosRole`. */
  settings: Readonly<Record<string, string>>;
}

export interface EnvironmentConfig {
  name: string;
  branch: string;
  /** Folders in the job repository whose manifests are merged, in order: one or more; '' is the root. No outer slashes. */
  layers: string[];
  /** KV base of the environment; undefined: `PREFIX/NAME/`. */
  prefix?: string;
  schedulers: SchedulerConfig[];
  promote: { automatic: string[] };
  mirror: { deletes: { maxCount: number; maxShare: number } };
  /** What the rules for manifests weigh here. */
  rules: RulePolicy;
  deploy: {
    timeoutSeconds: number;
    concurrency: number;
    onFailure: 'rollback' | 'leave';
    force: boolean;
    prune: { enabled: boolean; maxCount: number; maxShare: number };
  };
  /** Branch of the ledger, `{environment}` filled in. */
  ledgerBranch: string;
}

/** A mirror of plain configuration, without jobs: nothing but a folder in Git and keys in Consul. */
export interface MirrorConfig {
  name: string;
  /** Remote URL or path; undefined: the job repository. */
  url?: string;
  branch: string;
  folder: string;
  /** Prefix of the keys, '' for the root of the store. */
  prefix: string;
  expand?: ExpandOptions;
  /** A key that repeats the revision as plain text. */
  revisionKey?: string;
  deletes: { maxCount: number; maxShare: number };
}

export interface ConsulConfig {
  /** `http://127.0.0.1:8500`, always with scheme. */
  address: string;
  token?: string;
  /** Basic authentication, `user:password`. */
  auth?: string;
  caCert?: string;
  clientCert?: string;
  clientKey?: string;
  tlsServerName?: string;
  verify: boolean;
  namespace?: string;
  datacenter?: string;
  /** KV prefix, ends in `/`. */
  prefix: string;
}

/** Everything that configuration says: defaults, towline.yaml, environment variables, flags. Frozen. */
export interface Config {
  /** Where the file was read from; undefined: there is none. */
  file?: string;
  repository: {
    /** Remote URL or path; undefined: the repository that holds towline.yaml. */
    url?: string;
    /** Folder for the local copy of a remote repository. */
    store: string;
    author: { name: string; email: string };
  };
  consul: ConsulConfig;
  environments: EnvironmentConfig[];
  mirrors: MirrorConfig[];
  ledger: { required: boolean };
  server: { listen: string; webhookSecret?: string };
  poll: { intervalSeconds: number; reconcileSeconds: number };
  log: { level: string; format: 'auto' | 'pretty' | 'json' };
}
