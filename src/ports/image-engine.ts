import type { Waiting } from './kv-store.js';

/** One thing that an engine says while it works, on one line and without control characters. */
export interface EngineLine {
  text: string;
  /** Of lines that replace one another: the layer that they are about. */
  id?: string;
  /** Bytes of that layer, done and in all, while they move. */
  progress?: { current: number; total: number };
}

/** A wait in which the engine is listened to. */
export interface Listening extends Waiting {
  onLine?: (line: EngineLine) => void;
}

export interface ImageBuild {
  /** Folder whose files are sent, less what its `.dockerignore` names. */
  context: string;
  /** Path of the Dockerfile inside the context. */
  dockerfile: string;
  /** `NAME:TAG` of the result; at least one. */
  names: readonly string[];
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** The stage to build; the last one without. */
  target?: string;
  /** Ask registries for newer base images. */
  pull: boolean;
  cache: boolean;
  /** `engine`: the engine's own builder. */
  builder: 'engine' | 'buildkit';
  /** Seconds since 1970 that all files in the context are stamped with. */
  stamp: number;
}

/** An image that an engine has. */
export interface LocalImage {
  /** `sha256:…` of its configuration. */
  id: string;
  names: readonly string[];
  /** `NAME@sha256:…`, as the engine knows it. Podman's are its own: a registry may have another one. */
  digests: readonly string[];
  labels: Readonly<Record<string, string>>;
  bytes: number;
  /** ISO 8601, as the image says. */
  created: string;
}

/**
 * An engine that builds and pushes images. An engine that can't be asked is `unavailable`; what it refuses is `refused`, with
 * its last words as details. An error that arrives within its stream is an error all the same.
 */
export interface ImageEngine {
  /** Builds, and answers with the id of the image. */
  build(build: ImageBuild, listening: Listening): Promise<{ id: string }>;
  /** Gives an image that it has another name, `NAME:TAG`. */
  tag(image: string, name: string, waiting: Waiting): Promise<void>;
  /** Sends `NAME:TAG` to the registry that NAME begins with. Answers with the digest that it has there. */
  push(name: string, listening: Listening): Promise<{ digest: string }>;
  /** By name, digest or id; undefined where it has none. */
  inspect(image: string, waiting: Waiting): Promise<LocalImage | undefined>;
  /** Takes a name away; the image too where it has no other. One that is not there is fine. */
  remove(image: string, waiting: Waiting): Promise<void>;
}
