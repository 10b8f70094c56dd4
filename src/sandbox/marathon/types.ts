import type { RunningTask, TaskRef } from '../tasks/task.js';

/** JSON as it comes from outside; read field by field. */
export type Doc = Record<string, unknown>;

/** An app or a pod, as stored: defaults filled in. */
export interface RunSpec {
  kind: 'app' | 'pod';
  id: string;
  spec: Doc;
  version: string;
  /** Version of the last change that is not only a number of instances: what tasks carry. */
  configVersion: string;
  scalingVersion: string;
  /** Earlier versions, newest first. */
  versions: { version: string; spec: Doc }[];
  lastTaskFailure?: Doc;
  /** Of pods: the last instances that ended by themselves, newest first. */
  terminated?: Doc[];
  /** Failures in a row of this configuration. */
  failures: number;
  /** No launch before this time, in ms since the epoch. */
  delayUntil: number;
  /** Why the last offers were declined. */
  declined: Record<string, number>;
}

export interface Task {
  id: string;
  specId: string;
  version: string;
  agent: string;
  ports: number[];
  state: 'TASK_STAGING' | 'TASK_RUNNING';
  stagedAt: string;
  startedAt?: string;
  killing: boolean;
  processes: TaskRef[];
  /** One result for each health check of the spec. */
  health: {
    alive: boolean;
    seen: boolean;
    failures: number;
    firstSuccess?: string;
    lastSuccess?: string;
    lastFailure?: string;
    cause?: string | undefined;
  }[];
  ready: boolean;
}

/** A task with what can't be stored. */
export interface LiveTask extends Task {
  running: RunningTask[];
  timers: NodeJS.Timeout[];
}

export interface Action {
  action:
    | 'StopApplication'
    | 'StartApplication'
    | 'ScaleApplication'
    | 'RestartApplication'
    | 'StopPod'
    | 'StartPod'
    | 'ScalePod'
    | 'RestartPod';
  id: string;
}

export interface Deployment {
  id: string;
  version: string;
  steps: Action[][];
  /** 0: not begun. */
  currentStep: number;
  /** Definitions before and after, by id; null: absent. */
  original: Record<string, Doc | null>;
  target: Record<string, Doc | null>;
  /** Specs that are being removed: their tasks have to go before the deployment ends. */
  stopping: string[];
}

export interface GroupAttributes {
  dependencies: string[];
  enforceRole?: boolean;
}

export interface MarathonState {
  specs: Record<string, RunSpec>;
  groups: Record<string, GroupAttributes>;
  deployments: Deployment[];
  tasks: Task[];
  rootVersion: string;
  frameworkId: string;
}

/** An answer other than success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: Doc,
    /** The definition that it is about. */
    readonly about?: unknown,
  ) {
    super(JSON.stringify(body));
  }
}

export function asDoc(value: unknown): Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Doc) : {};
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
