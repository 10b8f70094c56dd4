import type { MirrorConfig } from '../../config/config.js';
import { mirrorLayout } from '../../domain/source/kv-layout.js';
import {
  readMirrorStatus,
  readStatus,
  type EnvironmentStatus,
  type PlainMirrorStatus,
} from '../../queries/status.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { readClaims } from '../../workers/mirror/index.js';
import { chosenMirrors, withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printMirrorStatus, printStatus } from '../print/answers/status.js';
import { jsonText } from '../print/plain-text.js';

/** How each environment stands: mirror, ledger, schedulers and every job. Exit 3 where something is held or failed. */
export async function run(names: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const chosen = chosenMirrors(session.config, names);
    const all: EnvironmentStatus[] = [];
    for (const environment of chosen.environments) {
      const sources = {
        layout: session.layout(environment),
        kv: await session.kv(),
        ledger: await session.ledger(environment),
        schedulers: await session.schedulers(environment),
        models: session.models(environment),
        clock: systemClock,
      };
      all.push(await readStatus(sources, io.signal));
    }
    const mirrors = await mirrorStatuses(session, chosen.mirrors, io.signal);
    if (flags.output === 'json') writeLine(io.stdout, jsonText([...all, ...mirrors], 2));
    else {
      for (const status of all) printStatus(status, io);
      for (const mirror of mirrors) printMirrorStatus(mirror, io);
    }
    if (all.some((s) => s.schedulers.some((each) => !each.readable))) return EXIT.error;
    const troubled =
      [...all, ...mirrors].some((s) => s.mirror.state === 'tampered') ||
      all.some((s) => s.jobs.some((job) => job.state !== 'applied'));
    return troubled ? EXIT.held : EXIT.done;
  });
}

/** One for each mirror, and for each branch and tag of a group. */
async function mirrorStatuses(
  session: Session,
  mirrors: readonly MirrorConfig[],
  signal: AbortSignal,
): Promise<PlainMirrorStatus[]> {
  if (mirrors.length === 0) return [];
  const [kv, { prefix: root }] = [await session.kv(), session.config.consul];
  const homes = session.config.environments.map((environment) => session.layout(environment).home);
  const claims = await readClaims(kv, root, { signal, also: homes });
  const layouts = mirrors.flatMap(({ name, prefix, many }) =>
    many === undefined
      ? [mirrorLayout(root, name, prefix)]
      : claims
          .filter((claim) => claim.name.startsWith(`${name}/`))
          .map((claim) => mirrorLayout(root, claim.name, claim.prefix)),
  );
  return Promise.all(
    layouts.map((layout) => {
      const claimed = claims
        .map(({ prefix }) => prefix)
        .filter((prefix) => prefix !== layout.config && prefix.startsWith(layout.config));
      return readMirrorStatus(kv, layout, { claimed, signal });
    }),
  );
}
