import type { GateFlags } from '../gate-order.js';
import { imageArgument } from '../image-argument.js';
import type { Io } from '../io.js';
import { run as veto } from './veto.js';

/** The veto of a release: what is named here is never a revision or a job. */
export function run([image = '']: string[], flags: GateFlags, io: Io): Promise<number> {
  const { image: name, tag } = imageArgument(image);
  return veto([`${name}:${tag}`], flags, io);
}
