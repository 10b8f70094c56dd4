import path from 'node:path';
import { isoTime } from '../../ports/clock.js';
import { branchTip } from '../../queries/branch-tip.js';
import { evidenceFiles, readEvidence } from '../../queries/audit/index.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { evidenceRef } from '../audit-evidence.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { VERSION } from '../version.js';

interface Flags extends GlobalFlags {
  out: string;
}

/** One file with both branches and what Consul and the schedulers have now, for an auditor without access to any of it. */
export async function run([name = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const [environment] = session.environments([name]);
    if (environment === undefined) return EXIT.error;
    const { signal } = io;
    const { branch, ledgerBranch } = environment;
    const repository = await session.repository();
    const evidence = await readEvidence(
      {
        layout: session.layout(environment),
        releasesPrefix: session.releasesPrefix,
        kv: await session.kv(),
        schedulers: await session.schedulers(environment),
        shown: (job) => session.secrets(environment).live(job),
      },
      signal,
    );
    const tip = await branchTip(repository, branch, signal);
    const ledger = await repository.resolve(ledgerBranch, { signal });
    if (ledger === undefined)
      throw new TowlineError('ledger-empty', 'invalid', `nothing is on record of ${name} yet`, {
        help: 'There is nothing to take along before the first deploy.',
      });
    const taken = { at: isoTime(systemClock), by: session.actor, version: VERSION };
    const file = path.resolve(io.cwd, flags.out);
    const { bundles } = await session.auditGit();
    await bundles.writeBundle(
      {
        file,
        branches: new Map([
          [branch, tip],
          [ledgerBranch, ledger],
        ]),
        evidence: {
          ref: evidenceRef(name),
          files: evidenceFiles(evidence, taken),
          message: `Evidence of ${name}, taken ${taken.at}\n`,
          author: session.config.repository.author,
          at: systemClock.now(),
        },
      },
      { signal },
    );
    for (const [scheduler, reason] of evidence.unreadable)
      writeLine(io.stderr, `error ${scheduler} could not be read: ${reason}`);
    if (flags.output === 'json')
      writeLine(
        io.stdout,
        JSON.stringify({ file, environment: name, revision: tip, ledger, ...taken }, null, 2),
      );
    else
      writeLine(
        io.stdout,
        `${path.relative(io.cwd, file)}: ${branch}, ${ledgerBranch} and what stands in Consul and the schedulers`,
      );
    return evidence.unreadable.size > 0 ? EXIT.error : EXIT.done;
  });
}
