import type { ImageEngine } from '../ports/image-engine.js';
import type { ImageRegistry } from '../ports/image-registry.js';
import type { Io } from './io.js';

export interface ImageAccess {
  engine: ImageEngine;
  registry: ImageRegistry;
}

export interface RegistryFlags {
  /** Hosts that are asked without TLS. */
  insecureRegistry?: string[];
}

/**
 * The engine that DOCKER_HOST names and the registries of images, with the logins of Docker's own configuration. Needs no
 * towline.yaml: images are built where their source is.
 */
export async function imageAccess(
  { insecureRegistry = [] }: RegistryFlags,
  { env }: Pick<Io, 'env'>,
): Promise<ImageAccess> {
  const [{ dockerImages, dockerLogins }, { httpRegistry }] = await Promise.all([
    import('../docker/index.js'),
    import('../registry/index.js'),
  ]);
  const logins = dockerLogins(env);
  return {
    engine: dockerImages({ logins: logins.of, allLogins: logins.all }),
    registry: httpRegistry({ logins: logins.of, insecure: insecureRegistry }),
  };
}
