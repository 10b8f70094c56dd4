import type Docker from 'dockerode';
import type { ImageBuild, Listening } from '../../ports/image-engine.js';
import type { RegistryLogin } from '../../ports/image-registry.js';
import { TowlineError } from '../../runtime/errors.js';
import { asked } from '../asked.js';
import { contextStream, insideContext } from './context.js';
import { engineLogin } from './engine-login.js';
import { readStream } from './engine-stream.js';

/** Logins for the registries of base images, by host. */
export type AllLogins = (listening: Listening) => Promise<ReadonlyMap<string, RegistryLogin>>;

/**
 * Sends a context to the engine's builder and answers with the id of the image. A step that fails is `image-build` with the
 * last lines of output; a Dockerfile that can't be read is refused before anything is built.
 */
export async function buildImage(
  docker: Docker,
  build: ImageBuild,
  { allLogins, ...listening }: Listening & { allLogins?: AllLogins | undefined },
): Promise<{ id: string }> {
  const { signal } = listening;
  const dockerfile = insideContext(build.dockerfile);
  const logins = (await allLogins?.(listening)) ?? new Map<string, RegistryLogin>();
  const context = await contextStream({ folder: build.context, dockerfile, stamp: build.stamp, signal });
  // A context that can't be read to its end must not leave the engine waiting for the rest of it.
  const broken = new AbortController();
  context.once('error', (error) => broken.abort(error));
  const what = `${build.names[0] ?? 'the image'} could not be built`;
  try {
    const stream = await asked(`the build of ${build.names[0] ?? 'an image'}`, () =>
      docker.buildImage(context, {
        abortSignal: AbortSignal.any([signal, broken.signal]),
        registryconfig: Object.fromEntries(
          [...logins].map(([host, login]) => {
            const { serveraddress, ...rest } = engineLogin(host, login);
            return [serveraddress, rest];
          }),
        ),
        // dockerode opens a session of BuildKit's own protocol for a `version` among the options; a plain tar needs none.
        _query: queryOf(build, dockerfile),
      } as Docker.ImageBuildOptions),
    );
    const { aux } = await readStream(stream, {
      ...listening,
      code: 'image-build',
      what,
    });
    return { id: idOf(aux, what) };
  } catch (error) {
    signal.throwIfAborted();
    broken.signal.throwIfAborted();
    throw error;
  } finally {
    context.destroy();
  }
}

function queryOf(build: ImageBuild, dockerfile: string): object {
  return {
    dockerfile,
    t: build.names,
    buildargs: build.buildArgs,
    labels: build.labels,
    rm: true,
    forcerm: true,
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.pull ? { pull: true } : {}),
    ...(build.cache ? {} : { nocache: true }),
    ...(build.builder === 'buildkit' ? { version: '2' } : {}),
  };
}

/** The engine's own builder says `aux: {ID}`; BuildKit says the same in a line that is called `moby.image.id`. */
function idOf(
  aux: readonly { id?: string; aux: { readonly [name: string]: unknown } }[],
  what: string,
): string {
  const id = aux
    .filter((line) => line.id === undefined || line.id === 'moby.image.id')
    .map((line) => line.aux['ID'])
    .findLast((value) => typeof value === 'string');
  if (typeof id === 'string' && /^sha256:[0-9a-f]{64}$/.test(id)) return id;
  throw new TowlineError('image-build', 'refused', `${what}: the engine ended without an image`, {
    help: 'Run it again; where that does not help, look into the log of the engine.',
  });
}
