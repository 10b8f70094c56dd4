import { oneLine } from '../../domain/source/one-line.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { knownReleases, type KnownRelease } from '../known-releases.js';
import { table } from '../print/table.js';

/** The newest release of every image, as KV has them. */
export async function run(_args: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const known = await knownReleases(session, io.signal);
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify({ releases: known }, null, 2));
    else if (known.length === 0) writeLine(io.stdout, 'there is no release');
    else for (const line of table(known.map(rowOf))) writeLine(io.stdout, line);
    return EXIT.done;
  });
}

/** What others wrote into KV is shown on one line, without what a terminal would obey. */
function rowOf(known: KnownRelease): string[] {
  if ('reason' in known) return [oneLine(known.image), 'is no release:', oneLine(known.reason)];
  const { image, tag, digest, by, at } = known.release;
  return [`${image}:${tag}`, digest?.slice(0, 19) ?? 'no digest', at === '' ? '-' : at, by].map(oneLine);
}
