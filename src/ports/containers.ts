import type { Writable } from 'node:stream';
import type { Waiting } from './kv-store.js';

/** A container's port that is reachable from outside it. */
export interface PublishedPort {
  containerPort: number;
  hostPort: number;
  protocol: 'tcp' | 'udp';
}

export interface Mount {
  hostPath: string;
  containerPath: string;
  readOnly: boolean;
}

export interface ContainerSpec {
  name: string;
  image: string;
  /** Replaces the image's entry point. */
  entrypoint?: readonly string[];
  /** Replaces the image's command. */
  command?: readonly string[];
  env: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  network: 'host' | 'bridge' | 'none';
  ports: readonly PublishedPort[];
  /** Address of this machine that ports are published on. */
  publishOn: string;
  mounts: readonly Mount[];
  workingDir?: string;
  user?: string;
  privileged?: boolean;
  memoryBytes?: number;
}

export interface ContainerState {
  running: boolean;
  /** What it ended with. */
  exitCode?: number;
}

/** What a container is told of itself. */
export interface ContainerFacts {
  id: string;
  name: string;
  /** Values of the variables that were asked for. */
  values: Readonly<Record<string, string>>;
}

/**
 * A container engine. What it does not know is undefined; an engine that can't be asked is an error (`unavailable`),
 * and so is what it refuses (`refused`, with its own words).
 */
export interface Containers {
  /** Its version and where it answers. */
  describe(waiting: Waiting): Promise<{ version: string; local: boolean }>;
  hasImage(image: string, waiting: Waiting): Promise<boolean>;
  /** Fetches an image from its registry. */
  pull(image: string, waiting: Waiting): Promise<void>;
  /** Creates and starts a container; its id. One that can't be started is removed again. */
  start(spec: ContainerSpec, waiting: Waiting): Promise<string>;
  /** Copies what it writes, from its start, until it ends. */
  follow(id: string, output: { stdout: Writable; stderr: Writable }, waiting: Waiting): Promise<void>;
  find(id: string, waiting: Waiting): Promise<ContainerState | undefined>;
  /** By its id, the first digits of it, or its name. Of its variables only those that are named: others hold secrets. */
  inspect(id: string, options: Waiting & { names: readonly string[] }): Promise<ContainerFacts | undefined>;
  /** Resolves when it has ended; undefined where there is none (any more). */
  wait(id: string, waiting: Waiting): Promise<number | undefined>;
  /** Ends it (SIGTERM, then SIGKILL after `graceMs`) and removes it. One that is gone already is fine. */
  remove(id: string, options: Waiting & { graceMs: number }): Promise<void>;
}
