import type Docker from 'dockerode';
import { parseImageRef } from '../../domain/job/image-ref.js';
import { registryHost } from '../../domain/job/registry-host.js';
import type { ImageBuild, ImageEngine, Listening, LocalImage } from '../../ports/image-engine.js';
import type { RegistryLogins } from '../../ports/image-registry.js';
import type { Waiting } from '../../ports/kv-store.js';
import { orAbort } from '../../runtime/abort.js';
import { TowlineError } from '../../runtime/errors.js';
import { asked, engineAt, found } from '../asked.js';
import { buildImage, type AllLogins } from './build.js';
import { engineLogin } from './engine-login.js';
import { readStream } from './engine-stream.js';

export interface DockerImagesOptions {
  /** As DOCKER_HOST has it. Undefined: as every Docker client finds it. */
  host?: string;
  /** Who one is to the registry that is pushed to. */
  logins: RegistryLogins;
  /** All logins there are, for the base images of a build. */
  allLogins?: AllLogins;
}

/** Docker's engine, or what speaks its API (Podman), as ImageEngine. */
export function dockerImages({ host, logins, allLogins }: DockerImagesOptions): ImageEngine {
  const docker = engineAt(host);
  return {
    build: (build: ImageBuild, listening) => buildImage(docker, build, { ...listening, allLogins }),
    tag: async (image, name, { signal }) => {
      signal.throwIfAborted();
      const { name: repo, tag } = named(name);
      await orAbort(
        asked(`image ${image}`, () => docker.getImage(image).tag({ repo, tag })),
        signal,
      );
    },
    push: (name, listening) => push(docker, name, logins, listening),
    inspect: (image, waiting) => inspect(docker, image, waiting),
    remove: async (image, { signal }) => {
      signal.throwIfAborted();
      await orAbort(
        found(() => asked(`image ${image}`, () => docker.getImage(image).remove())),
        signal,
      );
    },
  };
}

async function push(
  docker: Docker,
  image: string,
  logins: RegistryLogins,
  listening: Listening,
): Promise<{ digest: string }> {
  const { name, tag } = named(image);
  const { signal } = listening;
  const host = registryHost(name);
  const login = await logins(host, { signal });
  const stream = await orAbort(
    asked(`image ${image}`, () =>
      // The header is sent also where it says nothing: older engines want one.
      docker.getImage(name).push({ tag, authconfig: engineLogin(host, login), abortSignal: signal }),
    ),
    signal,
  );
  const what = `${image} could not be pushed`;
  const { aux, last } = await readStream(stream, { ...listening, code: 'image-push', what });
  const told = aux.map((line) => line.aux['Digest']).findLast((value) => value !== undefined);
  // Podman says it in words only, and what it has in RepoDigests is not what it sent.
  const digest = told ?? last.map((line) => / digest: (\S+) size: \d+$/.exec(line)?.[1]).findLast(Boolean);
  if (typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)) return { digest };
  throw new TowlineError('image-push', 'unknown-outcome', `${what}: the engine names no digest`, {
    help: `towline image inspect ${image} shows what the registry has.`,
  });
}

async function inspect(docker: Docker, image: string, { signal }: Waiting): Promise<LocalImage | undefined> {
  signal.throwIfAborted();
  const seen = await orAbort(
    found(() => asked(`image ${image}`, () => docker.getImage(image).inspect())),
    signal,
  );
  if (seen === undefined) return undefined;
  return {
    id: seen.Id,
    // Engines say null for none.
    names: seen.RepoTags ?? [],
    digests: seen.RepoDigests ?? [],
    labels: (seen.Config as { Labels?: Record<string, string> | null } | null)?.Labels ?? {},
    bytes: seen.Size,
    created: seen.Created,
  };
}

/** `NAME:TAG` in parts; what is none never gets into a path of the engine's API. */
export function named(image: string): { name: string; tag: string } {
  const { name, tag } = parseImageRef(image) ?? {};
  if (name !== undefined && tag !== undefined) return { name, tag };
  throw new TowlineError('image-invalid', 'invalid', `"${image}" is no image reference with a tag`, {
    help: 'Write it as NAME:TAG, for example shop/web:1.4.2; NAME may begin with a registry.',
  });
}
