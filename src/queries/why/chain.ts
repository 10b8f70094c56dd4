import type { JobRef } from '../../domain/job/job-ref.js';
import { short, type Revision } from '../../domain/source/revision.js';
import type { LiveTask } from '../../ports/scheduler.js';
import { commitLinks } from './commit-links.js';
import { beyond, missing, type LinkName, type WhyLink } from './link.js';
import { mirrorLink } from './mirror-link.js';
import { consentLinks, ledgerLink } from './pass-links.js';
import { imagesOf, releaseLinks, type NamedImage } from './release-links.js';
import { documentIn, findSent, type Sent, type SentBy } from './sent.js';
import type { Looking } from './sources.js';

/** What a chain begins with. */
export interface Subject {
  ref: JobRef;
  /** The task that was asked for, or one that runs what was sent last. */
  task: LiveTask | undefined;
  /** Of the job as it is live, where no task tells. */
  version?: string;
  /** Why no task is known. */
  silence?: string;
  /** Other tasks of the job. */
  others?: number;
}

/** The whole chain of a job or a task. A link that can't be found is named, and the others are looked up all the same. */
export async function chainOf(subject: Subject, looking: Looking): Promise<WhyLink[]> {
  const { ref, task } = subject;
  const record = looking.head.state?.jobs[ref];
  const version = task?.version ?? subject.version ?? record?.version;
  const sent = await findSent(ref, version, looking);
  return [
    taskLink(subject),
    versionLink(version, subject, record?.version),
    deploymentLink(sent),
    ...(await recordedLinks(ref, sent, version, looking)),
  ];
}

/** From the ledger on back. */
export async function recordedLinks(
  ref: JobRef,
  sent: SentBy | undefined,
  version: string | undefined,
  looking: Looking,
): Promise<WhyLink[]> {
  if (sent === undefined) {
    const what = version === undefined ? ref : `version ${version} of ${ref}`;
    return [
      missing('ledger', `no entry says that ${what} was sent`),
      ...BEYOND_LEDGER.map((link) => beyond(link, 'ledger')),
    ];
  }
  const { made, origin } = sent;
  const definition = made === origin ? [] : [definitionLink(made, origin)];
  if (origin === undefined)
    return [ledgerLink(made), ...definition, ...BEYOND_LEDGER.map((link) => beyond(link, 'definition'))];
  const revision = origin.entry.revision as Revision;
  const [consent, mirror, commits, images] = await Promise.all([
    consentLinks(origin, looking),
    mirrorLink(origin, looking),
    commitLinks(ref, revision, looking),
    imagesIn(ref, origin.entry.phase === 'intent' ? made : origin, looking),
  ]);
  const { job } = commits;
  const stated = job === undefined ? [] : imagesOf(job, job.spec, looking.models);
  const from = { ref, revision: commits.revision.missing === true ? undefined : revision, job };
  return [
    ledgerLink(made),
    ...definition,
    ...consent,
    mirror,
    commits.revision,
    commits.manifest,
    ...(await releaseLinks(images.length === 0 ? stated : images, from, looking)),
  ];
}

const BEYOND_LEDGER: LinkName[] = [
  'mirror',
  'revision',
  'manifest',
  'promotion',
  'release',
  'build',
  'source',
];

async function imagesIn(ref: JobRef, sent: Sent, looking: Looking): Promise<NamedImage[]> {
  const known = looking.head.state?.jobs[ref];
  if (known === undefined) return [];
  return imagesOf(known, await documentIn(sent, ref, looking), looking.models);
}

function taskLink({ ref, task, silence, others = 0 }: Subject): WhyLink {
  if (task === undefined) return missing('task', silence ?? `no running task of ${ref} was found`);
  const ports = task.ports.map((port) => `${task.host ?? '?'}:${port}`).join(', ') || task.host;
  const where = ports === undefined ? '' : ` at ${ports}`;
  const health = task.healthy === undefined ? '' : task.healthy ? ', healthy' : ', not healthy';
  const more = others === 0 ? '' : `, and ${others} more`;
  return {
    link: 'task',
    id: task.id,
    text: `${task.id}${where} (${task.state}${health})${more}`,
    ...(task.startedAt === undefined ? {} : { at: task.startedAt }),
  };
}

function versionLink(version: string | undefined, { task }: Subject, recorded: string | undefined): WhyLink {
  if (version === undefined) return missing('version', 'this scheduler keeps no versions');
  const another = task?.version !== undefined && recorded !== undefined && recorded !== version;
  return {
    link: 'version',
    id: version,
    text: another ? `${version}, not the one that was put on record last (${recorded})` : version,
  };
}

function deploymentLink(sent: SentBy | undefined): WhyLink {
  if (sent === undefined) return beyond('deployment', 'ledger');
  const { deployment, to } = sent.made.job;
  if (deployment === undefined) return missing('deployment', 'no deployment is on record');
  return { link: 'deployment', id: deployment, text: deployment, ...(to === undefined ? {} : { at: to }) };
}

/** The pass whose definition was put back, restarted or read back. */
function definitionLink(made: Sent, origin: Sent | undefined): WhyLink {
  const what =
    made.job.action === 'none'
      ? 'announced by'
      : made.job.state === 'rolled-back'
        ? 'what ran before was put back, of'
        : 'as it was, of';
  if (origin === undefined)
    return missing(
      'definition',
      made.job.action === 'none'
        ? 'it was read back, and no entry announced it'
        : 'what was put back is what no entry on record sent',
    );
  const { commit, subject, at, by } = origin.entry;
  const text = `${what} ${short(commit)}: ${subject}`;
  return { link: 'definition', id: commit, text, ...(by === '' ? {} : { by }), at };
}
