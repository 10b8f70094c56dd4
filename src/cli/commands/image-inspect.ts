import { parseImageRef } from '../../domain/job/image-ref.js';
import type { LocalImage } from '../../ports/image-engine.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { imageName } from '../image-argument.js';
import { imageAccess, type RegistryFlags } from '../image-access.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { megabytes } from '../print/engine-progress.js';
import { table } from '../print/table.js';

interface Flags extends GlobalFlags, RegistryFlags {
  /** False: registries are not asked. */
  registry: boolean;
}

/** What the engine and the registry have of an image. */
export async function run([image = '']: string[], flags: Flags, io: Io): Promise<number> {
  const name = imageName(image);
  const { engine, registry } = await imageAccess(flags, io);
  const { tag, digest } = parseImageRef(name) ?? {};
  const local = await engine.inspect(name, { signal: io.signal });
  const asked = flags.registry && (tag !== undefined || digest !== undefined) && !/^sha256:/.test(name);
  const remote = asked ? await registry.digest(name, { signal: io.signal }) : undefined;
  if (local === undefined && remote === undefined)
    throw new TowlineError(
      'image-unknown',
      'invalid',
      asked ? `neither the engine nor the registry has ${name}` : `the engine has no image ${name}`,
      { help: 'Check its name and tag; DOCKER_HOST names the engine.' },
    );
  if (flags.output === 'json')
    writeLine(
      io.stdout,
      JSON.stringify({ image: name, local: local ?? null, registryDigest: remote ?? null }, null, 2),
    );
  else for (const line of linesOf(local, asked, remote)) writeLine(io.stdout, line);
  return EXIT.done;
}

function linesOf(local: LocalImage | undefined, asked: boolean, remote: string | undefined): string[] {
  const rows: [string, string][] = [];
  if (local === undefined) rows.push(['engine', 'does not have it']);
  else {
    rows.push(['id', local.id], ['created', local.created], ['size', megabytes(local.bytes)]);
    rows.push(...local.names.map((name): [string, string] => ['name', name]));
    rows.push(...local.digests.map((known): [string, string] => ['digest', known]));
    rows.push(
      ...Object.entries(local.labels)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]): [string, string] => [label, value]),
    );
  }
  if (asked) rows.push(['registry has', remote ?? 'does not have it']);
  return table(rows);
}
