import { EXIT } from '../../runtime/exit-codes.js';
import { imageArgument, imageName } from '../image-argument.js';
import { imageAccess } from '../image-access.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

/** Gives an image of the engine more names. */
export async function run([image = '', ...names]: string[], flags: GlobalFlags, io: Io): Promise<number> {
  const known = imageName(image);
  for (const name of names) imageArgument(name);
  const { engine } = await imageAccess({}, io);
  for (const name of names) await engine.tag(known, name, { signal: io.signal });
  if (flags.output === 'json') writeLine(io.stdout, JSON.stringify({ image, names }, null, 2));
  else for (const name of names) writeLine(io.stdout, `${image} is called ${name} too`);
  return EXIT.done;
}
