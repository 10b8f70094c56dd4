import type { Listening } from '../../ports/image-engine.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { imageArgument } from '../image-argument.js';
import { imageAccess, type ImageAccess, type RegistryFlags } from '../image-access.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { engineProgress } from '../print/engine-progress.js';

type Flags = GlobalFlags & RegistryFlags;

/** Sends images to their registries, and reads back that they are there as they were sent. */
export async function run(images: string[], flags: Flags, io: Io): Promise<number> {
  for (const image of images) imageArgument(image);
  const access = await imageAccess(flags, io);
  const progress = engineProgress(io);
  const pushed: { image: string; digest: string }[] = [];
  try {
    for (const image of images) {
      const digest = await push(image, access, { signal: io.signal, onLine: progress.onLine });
      progress.close();
      pushed.push({ image, digest });
      if (flags.output !== 'json') writeLine(io.stdout, `${image}@${digest} is pushed`);
    }
  } finally {
    progress.close();
  }
  if (flags.output === 'json') writeLine(io.stdout, JSON.stringify({ pushed }, null, 2));
  return EXIT.done;
}

/** The digest that engine and registry agree on. */
async function push(image: string, { engine, registry }: ImageAccess, listening: Listening): Promise<string> {
  const { digest } = await engine.push(image, listening);
  const there = await registry.digest(image, listening);
  if (there === digest) return digest;
  throw new TowlineError(
    'image-unverified',
    'refused',
    there === undefined
      ? `${image} was pushed as ${digest}, but its registry does not have it`
      : `${image} was pushed as ${digest}, but its registry has ${there} under that tag`,
    {
      help: 'Somebody may have pushed the same tag at the same moment, or DOCKER_HOST pushes by another way than this machine reads. Use one tag for one build.',
    },
  );
}
