import picocolors from 'picocolors';
import type { EnvironmentConfig } from '../../config/config.js';
import { replayPlan } from '../../domain/record/plan/replay-plan.js';
import type { JsonObject } from '../../domain/source/json.js';
import type { Revision } from '../../domain/source/revision.js';
import type { JobRepository } from '../../ports/job-repository.js';
import {
  auditLedger,
  parseEvidence,
  readEvidence,
  type AuditReport,
  type Evidence,
  type Finding,
  type SignaturePolicy,
} from '../../queries/audit/index.js';
import { counted } from '../../domain/source/one-line.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { evidenceRef } from '../audit-evidence.js';
import { withBundle, withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  bundle?: string;
  since?: string;
  all?: boolean;
  replay?: boolean;
}

/** Findings that are shown at most: after a rewritten branch every entry is one. */
const MOST = 1000;

/** Whether everything on record holds together. Exit 4 where a link does not, 1 where something could not be looked at. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  const verify = async (session: Session): Promise<number> => {
    const environments = session.environments(names);
    if (flags.since !== undefined && environments.length !== 1)
      throw new TowlineError('audit-since', 'invalid', '--since is an entry of one environment', {
        help: 'Name the environment: towline audit verify ENVIRONMENT --since COMMIT.',
      });
    const all: { report: AuditReport; unreadable: boolean }[] = [];
    for (const environment of environments) all.push(await audit(environment, session, flags, io));
    if (flags.output === 'json')
      writeLine(
        io.stdout,
        JSON.stringify(
          all.map(({ report }) => report),
          null,
          2,
        ),
      );
    else for (const { report } of all) print(report, flags, io);
    if (all.some(({ report }) => report.findings.length > 0)) return EXIT.broken;
    return all.some(({ unreadable }) => unreadable) ? EXIT.error : EXIT.done;
  };
  return flags.bundle === undefined
    ? withSession(flags, io, verify)
    : withBundle(flags.bundle, flags, io, verify);
}

async function audit(
  environment: EnvironmentConfig,
  session: Session,
  { bundle, since, all = false, replay = false }: Flags,
  { signal }: Io,
): Promise<{ report: AuditReport; unreadable: boolean }> {
  const layout = session.layout(environment);
  const { releasesPrefix } = session;
  const secrets = session.secrets(environment);
  const repository = await session.repository();
  const evidence =
    bundle === undefined
      ? await readEvidence(
          {
            layout,
            releasesPrefix,
            kv: await session.kv(),
            schedulers: await session.schedulers(environment),
            shown: (job) => secrets.live(job),
          },
          signal,
        )
      : await bundledEvidence(repository, environment, signal);
  // After the look outside: what was recorded meanwhile must not seem to be missing here.
  await repository.fetch({ signal });
  const report = await auditLedger(
    {
      environment: environment.name,
      layout,
      releasesPrefix,
      branch: environment.branch,
      ledgerBranch: environment.ledgerBranch,
      layers: environment.layers,
      repository,
      walk: (await session.auditGit()).walk,
      models: session.models(environment),
      ignoreFields: environment.deploy.ignoreFields,
      recorded: (ref, job, now) => secrets.known(ref, job, { now: () => now }),
      evidence,
      signed: await signaturesOf(session),
      ...(replay ? { replay: replayed } : {}),
      most: all ? MOST : 1,
      ...(since === undefined ? {} : { since }),
    },
    signal,
  );
  return { report, unreadable: (evidence?.unreadable.size ?? 0) > 0 };
}

/** Signatures are judged by the signers that the job repository names; entries have to have one where that is configured. */
async function signaturesOf(session: Session): Promise<SignaturePolicy> {
  const signatures = await session.signatures();
  return {
    required: session.config.ledger.signed,
    signatures: {
      check: async (commit, { signersAt, signal }) =>
        signersAt === undefined
          ? { state: 'unknown-signer', reason: 'no revision names signers' }
          : signatures.checkBytes(commit, { signersAt, signal }),
    },
  };
}

/** The plan that a recorded input gives today. */
function replayed(recorded: JsonObject): { digest: string } | { reason: string } {
  const kinds = new Map([...SCHEDULER_KINDS].map(([kind, { model }]) => [kind, model]));
  const again = replayPlan(recorded, kinds);
  if (again.kind === 'refused') return { reason: again.reason };
  if (again.kind === 'not-kept') return { reason: 'what it was made of was not kept' };
  const { digest } = again.plan;
  return typeof digest === 'string' ? { digest } : { reason: 'it has no digest' };
}

/** Undefined: the bundle holds branches only. */
async function bundledEvidence(
  repository: JobRepository,
  { name }: EnvironmentConfig,
  signal: AbortSignal,
): Promise<Evidence | undefined> {
  const revision: Revision | undefined = await repository.resolve(evidenceRef(name), { signal });
  if (revision === undefined) return undefined;
  const { entries } = await repository.readTree(revision, '', { signal });
  const blobs = new Map<string, Uint8Array>();
  const ids = [...new Set(entries.map(({ id }) => id))];
  for await (const { id, bytes } of repository.readBlobs(ids, { signal })) blobs.set(id, bytes);
  const files = new Map(entries.map(({ path, id }) => [path, blobs.get(id) ?? new Uint8Array()]));
  const parsed = parseEvidence(files);
  if ('evidence' in parsed) return parsed.evidence;
  throw new TowlineError(
    'bundle-evidence',
    'invalid',
    `the evidence of ${name} can't be read: ${parsed.reason}`,
    {
      help: 'Make the bundle anew with towline audit bundle.',
    },
  );
}

function print(report: AuditReport, { all = false }: Flags, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const { environment, ledger, findings, notLookedAt, notes, counts, evidence } = report;
  const when = evidence === undefined ? '' : ` as it was at ${evidence.at}, taken by ${evidence.by}`;
  writeLine(stdout, `${colors.bold(environment)}${when}`);
  for (const finding of findings) printFinding(finding, stdout, colors);
  for (const { layer, reason } of notLookedAt)
    writeLine(stdout, `  ${colors.yellow('not looked at')} ${colors.bold(layer)}: ${reason}`);
  for (const note of notes) writeLine(stdout, `  ${colors.dim(`note: ${note}`)}`);
  if (findings.length > 0) {
    if (!all) writeLine(stdout, `  this is the first link that does not hold; --all shows all of them`);
    return;
  }
  const looked = [
    counted(ledger.entries, 'entry', 'entries'),
    counted(counts.revisions, 'revision'),
    counted(counts.values, 'value'),
    counted(counts.promotions, 'promotion'),
    counted(counts.live, 'live job'),
    counted(counts.signatures, 'signature'),
  ];
  writeLine(stdout, `  ${colors.green('whole')}: ${looked.join(', ')}`);
  if (ledger.tip !== undefined)
    writeLine(stdout, `  newest entry ${ledger.tip}; keep it, and check by it: --since ${ledger.tip}`);
}

function printFinding(
  { layer, at, what, expected, found }: Finding,
  stdout: Io['stdout'],
  colors: ReturnType<typeof picocolors.createColors>,
): void {
  writeLine(stdout, `  ${colors.red('broken')} ${colors.bold(layer)} at ${at}: ${what}`);
  const indented = (text: string): string => text.split('\n').join('\n                ');
  if (expected !== undefined) writeLine(stdout, `      expected: ${indented(expected)}`);
  if (found !== undefined) writeLine(stdout, `      found:    ${indented(found)}`);
}
