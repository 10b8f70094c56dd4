import type { Waiting } from './kv-store.js';

/** Who one is to a registry. */
export type RegistryLogin =
  { kind: 'password'; username: string; password: string } | { kind: 'identity-token'; token: string };

/** Logins by registry host (`registry.example.org:5000`; Docker Hub: `docker.io`); undefined where there is none. */
export type RegistryLogins = (host: string, waiting: Waiting) => Promise<RegistryLogin | undefined>;

/**
 * Registries of images. "It has none" is undefined; a registry that does not answer is `unavailable`, one that lets nobody
 * in is `refused`.
 */
export interface ImageRegistry {
  /** The digest that `NAME:TAG` (or `NAME@DIGEST`) has now; undefined where its registry has no such image. */
  digest(image: string, waiting: Waiting): Promise<string | undefined>;
}
