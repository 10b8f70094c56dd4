import type { EnvironmentConfig } from '../../config/config.js';
import { branchOf, judgePush, type PushedRef } from '../../domain/push/index.js';
import { hasErrors, type Diagnostic } from '../../domain/source/diagnostic.js';
import { oneLine } from '../../domain/source/one-line.js';
import { isZeroId, parseRevision, short, type Revision } from '../../domain/source/revision.js';
import { declaredJobs } from '../../queries/declared.js';
import { pushFacts } from '../../queries/push-facts.js';
import { layersAt } from '../../queries/revision-files.js';
import { isAbort } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import type { Session } from '../compose.js';
import { writeLine } from '../io.js';
import { countText, printDiagnostics } from '../print/diagnostics.js';
import { TimeLimit } from './time-limit.js';
import {
  hasConfig,
  openAt,
  openTrusted,
  withSessions,
  recordsOf,
  type HookPlace,
  type HookSession,
} from './session.js';

/** Findings that are shown; of more only their number. */
const MOST_SHOWN = 20;

/** Checks refs of a push, says what is wrong with them, and answers with the exit code that git refuses them by. */
export async function checkPush(refs: readonly PushedRef[], place: HookPlace): Promise<number> {
  const limit = new TimeLimit();
  const io = { ...place.io, signal: AbortSignal.any([place.io.signal, limit.signal]) };
  const { stderr } = place.io;
  try {
    const good = await withSessions({ ...place, io }, async (shared) => {
      let all = true;
      for (const ref of refs) {
        if (!(await checkRef(ref, shared, limit))) all = false;
        io.signal.throwIfAborted();
      }
      return all;
    });
    if (!good) writeLine(stderr, 'towline: the push is refused; nothing was changed');
    return good ? EXIT.done : EXIT.error;
  } catch (error) {
    if (!limit.signal.aborted || !isAbort(error)) throw error;
    const accepted = limit.onTimeout === 'accept';
    writeLine(
      stderr,
      `towline: the push could not be checked within ${limit.seconds} s (hooks.timeoutSeconds); ${
        accepted
          ? 'it is accepted unchecked'
          : 'it is refused, nothing was changed: push again, or in smaller parts'
      }`,
    );
    return accepted ? EXIT.done : EXIT.error;
  } finally {
    limit.end();
  }
}

async function checkRef(ref: PushedRef, place: HookPlace, limit: TimeLimit): Promise<boolean> {
  const trusted = await openTrusted(ref, place);
  if (trusted === undefined) {
    if (branchOf(ref.name) !== undefined && !isZeroId(ref.to)) sayUnchecked(place);
    return true;
  }
  try {
    limit.set(trusted.config.hooks);
    const allowed = await isAllowed(ref, trusted, place);
    // What may not be pushed at all need not be read any further.
    return allowed && (await areManifestsValid(ref, place));
  } finally {
    await trusted.close();
  }
}

async function isAllowed(ref: PushedRef, trusted: HookSession, place: HookPlace): Promise<boolean> {
  const { location, quarantine, io } = place;
  const { signal, stderr } = io;
  const { pushedCommits } = await import('../../git/index.js');
  const { requireSigned, protect, recordWriters } = trusted.config.hooks;
  const policy = {
    requireSigned,
    protect,
    records: recordsOf(trusted),
    ...(recordWriters === undefined ? {} : { recordWriters }),
  };
  const repository = await trusted.repository();
  const facts = await pushFacts(ref, {
    repository,
    commits: pushedCommits({ location, storeDir: location, quarantine }),
    signatures: await trusted.signatures(),
    policy,
    trunk: await repository.resolve('HEAD', { signal }),
    signal,
  });
  const findings = judgePush(policy, facts);
  for (const { message, fix, code } of findings.slice(0, MOST_SHOWN)) {
    writeLine(stderr, `towline: ${oneLine(ref.name)}: ${message} [push/${code}]`);
    writeLine(stderr, `    fix: ${fix}`);
  }
  if (findings.length > MOST_SHOWN)
    writeLine(stderr, `towline: and ${findings.length - MOST_SHOWN} more of that kind`);
  return findings.length === 0;
}

async function areManifestsValid({ name, from, to }: PushedRef, place: HookPlace): Promise<boolean> {
  const branch = branchOf(name);
  const revision = parseRevision(to);
  if (branch === undefined || revision === undefined || isZeroId(to)) return true;
  const session = await openAt(revision, place);
  if (session === undefined) {
    const before = parseRevision(from);
    if (before !== undefined && !isZeroId(from) && (await hasConfig(before, place))) {
      writeLine(
        place.io.stderr,
        `towline: ${oneLine(name)}: the push takes towline.yaml away, and with it every check`,
      );
      writeLine(
        place.io.stderr,
        '    fix: Keep it; or pin one on the server: towline hook install REPO.git --towline-config FILE',
      );
      return false;
    }
    sayUnchecked(place);
    return true;
  }
  try {
    let valid = true;
    for (const environment of session.config.environments.filter((e) => e.branch === branch))
      if (!(await isValid(environment, revision, session, place))) valid = false;
    return valid;
  } finally {
    await session.close();
  }
}

async function isValid(
  environment: EnvironmentConfig,
  revision: Revision,
  session: Session,
  { io: { signal, stderr } }: HookPlace,
): Promise<boolean> {
  const repository = await session.repository();
  const layers = await layersAt(repository, revision, environment.layers, signal);
  const { diagnostics, jobs, rejected } = declaredJobs(layers, session.models(environment), {
    rules: environment.rules,
  });
  signal.throwIfAborted();
  for (const job of [...jobs, ...rejected]) session.secrets(environment).learn(job);
  const errors: Diagnostic[] = diagnostics.filter((d) => d.severity === 'error');
  printDiagnostics(errors.slice(0, MOST_SHOWN), stderr);
  if (errors.length > MOST_SHOWN)
    writeLine(
      stderr,
      `... and ${errors.length - MOST_SHOWN} more; all of them: towline validate --revision ${short(revision)}`,
    );
  writeLine(
    stderr,
    `towline: ${environment.name} at ${short(revision)}: ${jobs.length} valid jobs, ${countText(diagnostics)}`,
  );
  return !hasErrors(diagnostics);
}

function sayUnchecked({ io }: HookPlace): void {
  writeLine(
    io.stderr,
    'towline: no towline.yaml at the root of the pushed revision and no git config towline.config; nothing was checked',
  );
}
