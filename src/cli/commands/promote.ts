import { parseRelease, releaseText } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import { releaseKey } from '../../domain/source/kv-layout.js';
import { short } from '../../domain/source/revision.js';
import { isoTime } from '../../ports/clock.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { promoteWorker, type PromoteResult } from '../../workers/promote/index.js';
import { whoAmI } from '../ci-environment.js';
import { withSession, type Session } from '../compose.js';
import { imageArgument } from '../image-argument.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { promoteOptions } from '../worker-options.js';

interface Flags extends GlobalFlags {
  env?: string[];
  once?: boolean;
  dryRun?: boolean;
}

/** The promoter: an image that a person names (once, any tag, also again), or the releases in KV by policy. */
export async function run([image]: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const asked = image === undefined ? undefined : await askedRelease(image, session, io);
    const workers = [];
    for (const environment of session.environments(flags.env)) {
      if (asked === undefined && flags.env === undefined && environment.promote.automatic.length === 0)
        continue;
      workers.push(promoteWorker(await promoteOptions(session, environment, asked)));
    }
    if (asked === undefined && flags.once !== true && flags.dryRun !== true)
      return runDaemon(workers, session, io);
    const results = [];
    for (const worker of workers) {
      const result = await worker.once({ signal: io.signal, dryRun: flags.dryRun ?? false, trigger: 'once' });
      results.push({ environment: worker.environment, ...result });
      if (flags.output !== 'json') writeLine(io.stdout, `${worker.environment}: ${promoteText(result)}`);
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
    return flags.dryRun === true && results.some((r) => r.kind === 'planned') ? EXIT.changes : EXIT.done;
  });
}

/** What KV knows of the image, where it is this very release; else only what the person said. */
async function askedRelease(text: string, session: Session, io: Io): Promise<Release> {
  const named = imageArgument(text);
  const kv = await session.kv();
  const entry = await kv.get(releaseKey(session.config.consul.prefix, named.image), { signal: io.signal });
  const parsed = entry === undefined ? undefined : parseRelease(named.image, entry.value);
  const asked: Release = { ...named, by: whoAmI(io.env), at: isoTime(systemClock) };
  if (parsed === undefined || !('release' in parsed)) return asked;
  const same =
    parsed.release.tag === named.tag &&
    (named.digest === undefined || named.digest === parsed.release.digest);
  return same ? parsed.release : asked;
}

/** One line for people. */
export function promoteText(result: PromoteResult): string {
  if (result.kind === 'nothing-observed') return 'there are no releases';
  const { plan } = result;
  const held = plan.held.map(({ release, reason }) => `; ${release} is left out: ${reason}`).join('');
  if (result.kind === 'unchanged') return `nothing to promote${held}`;
  const names = plan.promotions.map(
    ({ release, edits }) => `${releaseText(release)} into ${edits.map((e) => e.path).join(', ')}`,
  );
  if (result.kind === 'planned') return `would promote ${names.join('; ')}${held}`;
  const { commits, refused } = result.applied;
  const done = commits.map(
    (commit) => `${commit.release} into ${commit.files.join(', ')} as ${short(commit.revision)}`,
  );
  const not = refused.map(({ release, error }) => `; ${release} not: ${error.message}`).join('');
  return `promoted ${done.join('; ')}${not}${held}`;
}
