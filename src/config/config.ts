import type { FieldRule } from '../domain/plan/field-rules.js';
import type { GatePolicy } from '../domain/plan/policy.js';
import type { PromotePolicy, ReadRule } from '../domain/release/policy.js';
import type { EventFilter, ProtectedPaths } from '../domain/push/index.js';
import type { SecretRule } from '../domain/plan/secrets/index.js';
import type { ExpandOptions } from '../domain/source/expand/index.js';
import type { RulePolicy } from '../domain/job/validate/rule-policy.js';

/** One scheduler of an environment. */
export interface SchedulerConfig {
  /** Name in the environment; references begin with it. */
  name: string;
  /** `marathon`, `chronos`: the adapter. By default the name. */
  kind: string;
  /** One or more addresses of the same scheduler, tried in order; empty where they are looked up. */
  urls: string[];
  lookup?: LookupConfig;
  user?: string;
  /** Read from `passwordFile` or the environment, never from towline.yaml itself. */
  password?: string;
  token?: string;
  /** A login that gives a token (DC/OS): by a password or a private key (PEM). */
  login?: { url: string; uid: string } & ({ password: string } | { privateKey: string });
  tls?: { ca?: string; cert?: string; key?: string; serverName?: string; verify: boolean };
  /** Facts that the adapter understands, for example `mesosRole`. */
  settings: Readonly<Record<string, string>>;
}

/** Where a scheduler's addresses are looked up. */
export interface LookupConfig {
  by: 'srv' | 'consul';
  /** `_marathon._tcp.mesos`, or the name of a Consul service. */
  name: string;
  /** Of the Consul service. */
  tag?: string;
  /** DNS servers to ask, instead of the machine's own. */
  servers?: string[];
  scheme: 'http' | 'https';
  /** Before the API's own paths, for example `/service/marathon`. */
  path: string;
}

/** How changes are carried out and judged. */
export interface DeployConfig {
  timeoutSeconds: number;
  soakSeconds: number;
  noOffersSeconds: number;
  maxTaskFailures: number;
  concurrency: number;
  onFailure: 'rollback' | 'hold' | 'leave';
  force: boolean;
  prune: { enabled: boolean; maxCount: number; maxShare: number };
  /** Fields that somebody else owns. */
  ignoreFields: FieldRule[];
  /** Groups whose apps are changed as one: all or none. */
  together: string[];
}

/** Which releases come in without a person, and how. */
export interface PromoteConfig extends Omit<PromotePolicy, 'rules'> {
  automatic: ReadRule[];
  via: 'push' | 'merge-request' | 'push-options';
  /** Where merge requests are made. */
  forge?: ForgeConfig;
}

/** A project of a forge. */
export interface ForgeConfig {
  kind: 'github' | 'gitlab' | 'gitea';
  /** Of its API, without a slash at the end. */
  url: string;
  project: string;
  /** Absent: it is not known here; only promoters need one. */
  token?: string;
}

/** What must hold before something is sent, beside the prune limit. */
export type GatesConfig = Omit<GatePolicy, 'prune'>;

export interface EnvironmentConfig {
  name: string;
  branch: string;
  /** Folders in the job repository whose manifests are merged, in order: one or more; '' is the root. No outer slashes. */
  layers: string[];
  /** KV base of the environment; undefined: `PREFIX/NAME/`. */
  prefix?: string;
  schedulers: SchedulerConfig[];
  promote: PromoteConfig;
  mirror: MirrorPolicy;
  /** What the rules for manifests weigh here. */
  rules: RulePolicy;
  deploy: DeployConfig;
  gates: GatesConfig;
  /** Branch of the ledger, `{environment}` filled in. */
  ledgerBranch: string;
}

/** What a mirror does about what it did not expect. */
export interface MirrorPolicy {
  /** Above these limits nothing is written. */
  deletes: { maxCount: number; maxShare: number };
  /** Keys below the prefix that somebody else wrote. */
  foreign: 'keep' | 'delete';
  /** Keys that were edited by hand. */
  drift: 'repair' | 'report';
  /** A branch whose new tip does not follow from the mirrored one, or a tag that moved. */
  rewritten: 'follow' | 'hold';
}

/** How a remote Git repository is reached. */
export interface RemoteConfig {
  name: string;
  url: string;
  user?: string;
  token?: string;
  sshKeyFile?: string;
  knownHostsFile?: string;
  timeoutSeconds: number;
  /** Of the local copy; undefined: as much as its user needs. */
  history?: 'full' | 'tip';
}

/** A mirror of plain configuration, without jobs: nothing but a folder in Git and keys in Consul. */
export interface MirrorConfig extends MirrorPolicy {
  name: string;
  /** Remote URL or path; undefined: the job repository. */
  url?: string;
  remote?: RemoteConfig;
  branch: string;
  /** Patterns of branches and tags instead of one branch; each is mirrored below `PREFIX/NAME/`. */
  many?: { branches: string[]; tags: string[]; annotatedOnly: boolean };
  /** What becomes of the keys of a branch or tag that is gone. */
  gone: 'keep' | 'delete';
  folder: string;
  /** Prefix of the keys, '' for the root of the store. */
  prefix: string;
  /** Patterns of paths; empty: all. */
  include: string[];
  exclude: string[];
  /** Values for `{{{NAME}}}` in files. */
  secrets?: Readonly<Record<string, string>>;
  /** Texts lose the white space around them. */
  trim: boolean;
  links: 'skip' | 'follow';
  expand?: ExpandOptions;
  /** A key that repeats the revision as plain text. */
  revisionKey?: string;
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

/** What of the jobs is secret. */
export interface SecretsConfig {
  /** Key of the digests; undefined: one is made in the store when it is needed. */
  key?: string;
  values: SecretRule[];
}

/** A forge that is told how revisions stand. */
export interface StatusConfig {
  kind: 'github' | 'gitlab' | 'gitea';
  /** Of its API, without a slash at the end. */
  url: string;
  project: string;
  /** Absent: nothing is reported from here; only deployers need one. */
  token?: string;
  targetUrl?: string;
}

/** Something that a push starts. */
export type TriggerConfig = {
  /** Its own among all triggers. */
  name: string;
  filter: EventFilter;
} & (
  | { kind: 'mirror' }
  | ({
      /** Without a slash at the end. */
      url: string;
      /** Absent: it can't be started from here, or a webhook is not signed. */
      token?: string;
      parameters: Readonly<Record<string, string>>;
      timeoutMs: number;
    } & (
      | { kind: 'jenkins'; job: string; user: string; password?: string }
      | { kind: 'gitlab'; project: string; ref?: string }
      | { kind: 'github'; project: string; eventType: string }
      | { kind: 'webhook' }
    ))
);

/** What git's hooks refuse and start. */
export interface HooksConfig {
  timeoutSeconds: number;
  onTimeout: 'refuse' | 'accept';
  requireSigned: boolean | string[];
  protect: ProtectedPaths[];
  recordWriters?: string[];
  triggers: TriggerConfig[];
}

/** Everything that configuration says: defaults, towline.yaml, environment variables, flags. Frozen. */
export interface Config {
  /** Where the file was read from; undefined: there is none. */
  file?: string;
  repository: {
    /** Remote URL or path; undefined: the repository that holds towline.yaml. */
    url?: string;
    remote?: RemoteConfig;
    /** Folder for the local copy of a remote repository. */
    store: string;
    author: { name: string; email: string };
  };
  consul: ConsulConfig;
  environments: EnvironmentConfig[];
  mirrors: MirrorConfig[];
  ledger: {
    /** What becomes of a pass while the ledger's repository is away: it waits, or is kept on disk and goes on. */
    whenAway: 'stop' | 'journal';
    /** Every entry of workers is signed, and has to be. */
    signed: boolean;
    /** What a plan was made of is kept up to this size, in bytes of JSON. */
    keepInputBytes: number;
  };
  /** Where the job repository names whose signatures count: a file of SSH keys and a folder of GPG keys. */
  signers: { file: string; keys: string };
  secrets: SecretsConfig;
  statuses: StatusConfig[];
  /** How revisions stand is kept as notes of them, too. */
  notes: boolean;
  hooks: HooksConfig;
  server: { listen: string; webhookSecret?: string };
  poll: { intervalSeconds: number; reconcileSeconds: number };
  log: { level: string; format: 'auto' | 'pretty' | 'json' };
}
