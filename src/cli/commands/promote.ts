import type { EnvironmentConfig } from '../../config/config.js';
import { isCalled } from '../../domain/job/job-ref.js';
import { parseRelease, releaseText } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import { upstreamReleases } from '../../domain/release/upstream.js';
import { releaseKey } from '../../domain/source/kv-layout.js';
import { short } from '../../domain/source/revision.js';
import { isoTime } from '../../ports/clock.js';
import { upstreamOf } from '../../queries/upstream.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { promoteWorker, type AskedReleases, type PromoteResult } from '../../workers/promote/index.js';
import { whoAmI } from '../ci-environment.js';
import { withSession, type Session } from '../compose.js';
import { imageArgument } from '../image-argument.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { promoteOptions, promotesByItself, upstreamSources } from '../promote-options.js';

interface Flags extends GlobalFlags {
  env?: string[];
  from?: string;
  to?: string;
  allowDowngrade?: boolean;
  once?: boolean;
  dryRun?: boolean;
}

/**
 * The promoter: an image that a person names (once, any tag, also again), what runs in another environment, or the releases
 * in KV by policy.
 */
export async function run([named]: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const targets = session.environments(targetNames(named, flags));
    const asked = named === undefined ? undefined : await askedFor(named, flags, session, io);
    const workers = [];
    for (const environment of targets) {
      if (asked === undefined && flags.env === undefined && !promotesByItself(environment)) continue;
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
    if (flags.dryRun === true && results.some((r) => r.kind === 'planned')) return EXIT.changes;
    // Who asked for a release and did not get it has to learn of it, in a script too.
    const held = results.some(
      (r) => r.kind === 'unchanged' && r.plan.held.some(({ proposed }) => proposed === undefined),
    );
    return asked !== undefined && held ? EXIT.held : EXIT.done;
  });
}

/** The environments that are promoted to; what comes from another one must say where it goes. */
function targetNames(named: string | undefined, { env, from, to }: Flags): string[] | undefined {
  const names = [...new Set([...(env ?? []), ...(to === undefined ? [] : [to])])];
  if (from === undefined) return names.length === 0 ? undefined : names;
  if (named === undefined)
    throw new TowlineError(
      'promote-what',
      'invalid',
      `--from says where, and not what is promoted from ${from}`,
      {
        help: 'Name a job or an image: towline promote marathon:/shop/web --from staging --to production.',
      },
    );
  if (names.length === 0 || names.includes(from))
    throw new TowlineError('environment-needed', 'invalid', 'say which other environment it is promoted to', {
      help: 'Add --to with its name.',
    });
  return names;
}

async function askedFor(named: string, flags: Flags, session: Session, io: Io): Promise<AskedReleases> {
  const { from, allowDowngrade = false } = flags;
  if (from === undefined) return { releases: [await askedRelease(named, session, io)], allowDowngrade };
  const [environment] = session.environments([from]);
  if (environment === undefined) throw new Error(`there is no environment ${from}`);
  return { releases: await runningReleases(named, environment, session, io), from, allowDowngrade };
}

/** The releases that a job runs in an environment, or that its jobs run of an image. */
async function runningReleases(
  named: string,
  { name }: EnvironmentConfig,
  session: Session,
  io: Io,
): Promise<Release[]> {
  const upstream = await upstreamOf(await upstreamSources(session, name), io.signal);
  const idOf = (ref: string): string => ref.slice(ref.indexOf(':') + 1);
  const ofJob = upstream.running.filter(({ jobRef }) => isCalled({ ref: jobRef, id: idOf(jobRef) }, named));
  const running = ofJob.length > 0 ? ofJob : upstream.running.filter(({ image }) => image === named);
  const refuse = (message: string, help: string): never => {
    throw new TowlineError('promote-from', 'refused', message, { help });
  };
  if (running.length === 0)
    return refuse(
      `${name} runs no job and no image "${named}"`,
      `towline status ${name} lists its jobs; an image is written without a tag.`,
    );
  const ill = running.find(({ problem }) => problem !== undefined);
  if (ill !== undefined)
    return refuse(
      `${ill.jobRef} in ${name} ${ill.problem ?? ''}`,
      `Promote what runs well. To promote it in spite of that: towline promote ${ill.image}:${ill.tag} --env ENVIRONMENT.`,
    );
  const releases = upstreamReleases({ ...upstream, running }, await announced(running, session, io));
  const images = releases.map(({ image }) => image);
  const twice = images.find((image, at) => images.indexOf(image) !== at);
  if (twice !== undefined)
    return refuse(
      `${name} runs ${releases
        .filter(({ image }) => image === twice)
        .map(releaseText)
        .join(' and ')}`,
      'Name the job that runs the one that is meant.',
    );
  return releases;
}

async function announced(
  running: readonly { image: string }[],
  session: Session,
  io: Io,
): Promise<Release[]> {
  const images = [...new Set(running.map(({ image }) => image))];
  const found = await Promise.all(images.map((image) => releaseInKv(image, session, io)));
  return found.flatMap((release) => release ?? []);
}

/** What KV knows of the image, where it is this very release; else only what the person said. */
async function askedRelease(text: string, session: Session, io: Io): Promise<Release> {
  const named = imageArgument(text);
  const known = await releaseInKv(named.image, session, io);
  const same = known?.tag === named.tag && (named.digest === undefined || named.digest === known.digest);
  return known !== undefined && same ? known : { ...named, by: whoAmI(io.env), at: isoTime(systemClock) };
}

async function releaseInKv(image: string, session: Session, io: Io): Promise<Release | undefined> {
  const kv = await session.kv();
  const entry = await kv.get(releaseKey(session.config.consul.prefix, image), { signal: io.signal });
  const parsed = entry === undefined ? undefined : parseRelease(image, entry.value);
  return parsed !== undefined && 'release' in parsed ? parsed.release : undefined;
}

/** One line for people. */
export function promoteText(result: PromoteResult): string {
  if (result.kind === 'nothing-observed') return 'there are no releases';
  const { plan } = result;
  const held = plan.held.map(({ release, reason }) => `; ${release} is left out: ${reason}`).join('');
  if (result.kind === 'unchanged') return `nothing to promote${held}`;
  const names = plan.promotions.map(
    ({ release, edits, proposal }) =>
      `${releaseText(release)} into ${[...new Set(edits.map((e) => e.path))].join(', ')}${proposal === undefined ? '' : ` on ${proposal.branch}`}`,
  );
  if (result.kind === 'planned') return `would promote ${names.join('; ')}${held}`;
  const { commits, refused } = result.applied;
  const done = commits.map(
    ({ release, files, revision, branch, url }) =>
      `${branch === undefined ? 'promoted' : 'proposed'} ${release} into ${files.join(', ')} as ${short(revision)}${
        branch === undefined ? '' : ` on ${branch}`
      }${url === undefined ? '' : ` (${url})`}`,
  );
  const not = refused.map(({ release, error }) => `; ${release} not: ${error.message}`).join('');
  return `${done.join('; ')}${not}${held}`;
}
