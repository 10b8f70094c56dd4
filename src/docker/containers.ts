import type Docker from 'dockerode';
import type { ContainerSpec, ContainerState, Containers } from '../ports/containers.js';
import type { Waiting } from '../ports/kv-store.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { asked, engineAt, found } from './asked.js';

export interface DockerOptions {
  /** As DOCKER_HOST has it: `unix:///path`, `tcp://host:port`. Undefined: as every Docker client finds it. */
  host?: string;
}

/** Docker's engine, or what speaks its API (Podman), as Containers. */
export function dockerContainers({ host }: DockerOptions = {}): Containers {
  const docker = engineAt(host);
  return {
    describe: async ({ signal }) => {
      signal.throwIfAborted();
      const late = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      const { Version: version } = await asked('the engine', () => Promise.race([docker.version(), late]));
      return { version, local: isLocal(docker) };
    },
    hasImage: async (image) =>
      (await found(() => asked(`image ${image}`, () => docker.getImage(image).inspect()))) !== undefined,
    pull: (image, waiting) => pull(docker, image, waiting),
    start: (spec, { signal }) => start(docker, spec, signal),
    follow: async (id, { stdout, stderr }, { signal }) => {
      const container = docker.getContainer(id);
      const stream = await asked(`container ${id}`, () =>
        container.logs({ follow: true, stdout: true, stderr: true, abortSignal: signal }),
      );
      docker.modem.demuxStream(stream, stdout, stderr);
      await new Promise<void>((resolve) => {
        stream.once('end', resolve);
        stream.once('close', resolve);
        // The one who watches the container learns what happened to it; here only its words are copied.
        stream.once('error', () => resolve());
      });
      stdout.end();
      stderr.end();
    },
    find: (id, waiting) => find(docker, id, waiting),
    inspect: async (id, { signal, names }) => {
      signal.throwIfAborted();
      const seen = await found(() => asked(`container ${id}`, () => docker.getContainer(id).inspect()));
      if (seen === undefined) return undefined;
      const variables = new Map(
        (seen.Config.Env ?? []).map((line) => [
          line.split('=', 1)[0] ?? '',
          line.slice(line.indexOf('=') + 1),
        ]),
      );
      const values = names.flatMap((name) => {
        const value = variables.get(name);
        return value === undefined ? [] : [[name, value] as const];
      });
      return { id: seen.Id, name: seen.Name.replace(/^\//, ''), values: Object.fromEntries(values) };
    },
    wait: async (id, { signal }) => {
      const ended = await found(() =>
        asked<{ StatusCode: number }>(`container ${id}`, () =>
          docker.getContainer(id).wait({ abortSignal: signal }),
        ),
      );
      return ended?.StatusCode;
    },
    remove: async (id, { graceMs }) => {
      const container = docker.getContainer(id);
      const seconds = Math.max(1, Math.ceil(graceMs / 1000));
      await found(() => asked(`container ${id}`, () => container.stop({ t: seconds })));
      await found(() => asked(`container ${id}`, () => container.remove({ force: true, v: true })));
    },
  };
}

async function find(docker: Docker, id: string, { signal }: Waiting): Promise<ContainerState | undefined> {
  signal.throwIfAborted();
  const seen = await found(() => asked(`container ${id}`, () => docker.getContainer(id).inspect()));
  if (seen === undefined) return undefined;
  const { Running: running, ExitCode: exitCode } = seen.State;
  return running ? { running } : { running, exitCode };
}

async function start(docker: Docker, spec: ContainerSpec, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const key = (port: { containerPort: number; protocol: string }): string =>
    `${port.containerPort}/${port.protocol}`;
  const container = await asked(`a container of ${spec.image}`, () =>
    docker.createContainer({
      name: spec.name,
      Image: spec.image,
      ...(spec.entrypoint === undefined ? {} : { Entrypoint: [...spec.entrypoint] }),
      ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
      ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
      ...(spec.user === undefined ? {} : { User: spec.user }),
      Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
      Labels: { ...spec.labels },
      ExposedPorts: Object.fromEntries(spec.ports.map((port) => [key(port), {}])),
      HostConfig: {
        NetworkMode: spec.network,
        PortBindings: Object.fromEntries(
          spec.ports.map((port) => [
            key(port),
            [{ HostIp: spec.publishOn, HostPort: String(port.hostPort) }],
          ]),
        ),
        Binds: spec.mounts.map(
          ({ hostPath, containerPath, readOnly }) => `${hostPath}:${containerPath}${readOnly ? ':ro' : ''}`,
        ),
        ...(spec.privileged === true ? { Privileged: true } : {}),
        ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes }),
      },
    }),
  );
  try {
    await asked(`a container of ${spec.image}`, () => container.start());
  } catch (error) {
    await container.remove({ force: true }).catch(() => undefined);
    throw error;
  }
  return container.id;
}

/** A pull that fails still answers 200: the error is a line of its stream (reference: edges.md §5). */
async function pull(docker: Docker, image: string, { signal }: Waiting): Promise<void> {
  const stream = await asked(`image ${image}`, () => docker.pull(image, { abortSignal: signal }));
  await new Promise<void>((resolve, reject) => {
    let failure: string | undefined;
    docker.modem.followProgress(
      stream,
      (error) => {
        const said = failure ?? (error === null || error === undefined ? undefined : messageOf(error));
        if (said === undefined) resolve();
        else reject(new TowlineError('image-pull', 'refused', `the image ${image} can't be had: ${said}`));
      },
      (line: { error?: unknown }) => {
        if (typeof line.error === 'string') failure ??= line.error;
      },
    );
  });
}

/** True where its ports and folders are this machine's. */
function isLocal(docker: Docker): boolean {
  const { socketPath, host } = docker.modem as { socketPath?: string; host?: string };
  return socketPath !== undefined || ['localhost', '127.0.0.1', '::1'].includes(host ?? '');
}
