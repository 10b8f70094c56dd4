import { imageRefText, parseImageRef } from '../../domain/job/image-ref.js';
import { parseRelease } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import type { CommitObject } from '../../domain/source/commit-object.js';
import { oneLine } from '../../domain/source/one-line.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { JobRepository } from '../../ports/job-repository.js';
import { valueOf } from './entry.js';
import type { AuditedBranch } from './check-revisions.js';
import type { Evidence } from './evidence.js';
import type { Findings } from './findings.js';

export interface ReleaseAudit {
  environment: string;
  branch: AuditedBranch;
  repository: JobRepository;
  releasesPrefix: string;
}

/** A commit that put a release into the environment. */
interface Promotion {
  id: ObjectId;
  commit: CommitObject;
  image: string;
  tag: string;
  digest: string | undefined;
}

/**
 * Promotions against releases. Each promotion changes the image references that it names and nothing else. The newest of
 * each image is compared with its release in Consul: there is one key for an image, so older ones stand in Git alone.
 */
export async function checkReleases(
  evidence: Evidence,
  { environment, branch, repository, releasesPrefix }: ReleaseAudit,
  findings: Findings,
  signal: AbortSignal,
): Promise<number> {
  const promotions = promotionsOf(branch, environment, findings);
  for (const promotion of promotions) {
    if (findings.enough) return promotions.length;
    await checkEdit(promotion, repository, findings, signal);
  }
  const newest = new Map<string, Promotion>();
  // Newest first, as git lists them.
  for (const promotion of promotions)
    if (!newest.has(promotion.image)) newest.set(promotion.image, promotion);
  const releases = new Map<string, Release | { reason: string }>(
    evidence.releases.map(({ image, value }) => {
      const parsed = parseRelease(image, value);
      return [image, 'release' in parsed ? parsed.release : parsed];
    }),
  );
  for (const [image, release] of releases)
    if ('reason' in release)
      findings.add('release', releasesPrefix + image, `it is no release: ${release.reason}`);
  for (const promotion of newest.values())
    checkRelease(promotion, releases.get(promotion.image), releasesPrefix, findings);
  return promotions.length;
}

function promotionsOf({ commits }: AuditedBranch, environment: string, findings: Findings): Promotion[] {
  const promotions: Promotion[] = [];
  for (const [id, commit] of commits) {
    const text = valueOf({ commit }, 'Towline-Release');
    if (text === undefined || valueOf({ commit }, 'Towline-Environment') !== environment) continue;
    const ref = parseImageRef(text);
    if (ref?.tag === undefined)
      findings.add('release', id, 'Towline-Release names no release', { found: text });
    else promotions.push({ id, commit, image: ref.name, tag: ref.tag, digest: ref.digest });
  }
  return promotions;
}

/** `PATH: OLD -> NEW`, as the message of a promotion says it. */
interface Edit {
  path: string;
  from: string;
  to: string;
}

async function checkEdit(
  promotion: Promotion,
  repository: JobRepository,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const { id, commit, image, tag } = promotion;
  const [parent, ...others] = commit.parents;
  if (parent === undefined || others.length > 0) {
    findings.add('release', id, 'a promotion is a commit after another one, and no merge');
    return;
  }
  const edits = editsOf(commit.message);
  for (const { path, to } of edits) {
    const ref = parseImageRef(to);
    if (ref?.name !== image || ref.tag !== tag)
      findings.add('release', id, `it puts another image into ${path}`, {
        expected: `${image}:${tag}`,
        found: to,
      });
  }
  const changes = await repository.diff(asRevision(parent), asRevision(id), '', { signal });
  const blobs = new Map<ObjectId, string>();
  for (const change of changes) {
    const path = change.kind === 'deleted' ? change.path : change.entry.path;
    const own = edits.filter((edit) => edit.path === path);
    if (change.kind !== 'modified' || own.length === 0) {
      findings.add('release', id, `it changes ${path}, which its message does not name`);
      continue;
    }
    const before = await repository.readFile(asRevision(parent), path, { signal });
    for await (const { bytes } of repository.readBlobs([change.entry.id], { signal }))
      blobs.set(change.entry.id, new TextDecoder().decode(bytes));
    const line = otherLine(new TextDecoder().decode(before), blobs.get(change.entry.id) ?? '', own);
    if (line !== undefined)
      findings.add('release', id, `it changes more of ${path} than an image`, { found: line });
  }
  const changed = new Set(changes.map((c) => (c.kind === 'deleted' ? c.path : c.entry.path)));
  for (const { path } of edits)
    if (!changed.has(path)) findings.add('release', id, `it says that it changes ${path}, and does not`);
}

function editsOf(message: string): Edit[] {
  return message.split('\n').flatMap((line) => {
    const match = /^(.+): (\S+) -> (\S+)$/.exec(line);
    return match === null ? [] : [{ path: match[1] ?? '', from: match[2] ?? '', to: match[3] ?? '' }];
  });
}

/** The first line that differs by something else than one of the edits. */
function otherLine(before: string, after: string, edits: readonly Edit[]): string | undefined {
  const [old, now] = [before.split('\n'), after.split('\n')];
  if (old.length !== now.length) return `${old.length} lines became ${now.length}`;
  for (const [at, line] of now.entries()) {
    const was = old[at] ?? '';
    // A slash may be written with a backslash in JSON.
    const plain = (text: string): string => text.replaceAll('\\/', '/');
    if (line === was || edits.some(({ from, to }) => plain(was).replaceAll(from, to) === plain(line)))
      continue;
    return line.trim().slice(0, 200);
  }
  return undefined;
}

/** What Consul says of the newest promotion's release. A newer release that is not promoted is no finding. */
function checkRelease(
  { id, commit, image, tag, digest }: Promotion,
  release: Release | { reason: string } | undefined,
  prefix: string,
  findings: Findings,
): void {
  if (release !== undefined && 'reason' in release) return;
  const at = prefix + image;
  const said = (key: string): string | undefined => valueOf({ commit }, key);
  const announced = said('Towline-Released-At');
  if (release === undefined) {
    // A person can promote what nobody has announced; only its build and its source are told by a release alone.
    const wasThere = said('Towline-Source-Commit') ?? said('Towline-Build') ?? digest;
    if (wasThere !== undefined) findings.add('release', at, `it is gone, and ${id} has promoted it`);
    else
      findings.skip('release', `${image}:${tag} was promoted and has no release: a person may have named it`);
    return;
  }
  if (release.tag !== tag) {
    if (announced !== undefined && release.at !== '' && Date.parse(release.at) <= Date.parse(announced))
      findings.add('release', at, `it is no newer than what ${id} has promoted, and another one`, {
        expected: `${image}:${tag} of ${announced}`,
        found: `${image}:${release.tag} of ${release.at}`,
      });
    else
      findings.notes.push(
        `${imageRefText({ name: image, tag: release.tag })} is not the one that was promoted last`,
      );
    return;
  }
  const facts: [name: string, expected: string | undefined, found: string | undefined][] = [
    ['digest', digest, release.digest],
    ['source commit', said('Towline-Source-Commit'), release.sourceCommit],
    ['source repository', said('Towline-Source-Repository'), release.sourceRepository],
    ['build', said('Towline-Build'), release.buildUrl],
    ['announcer', said('Towline-Released-By'), release.by],
    ['time', announced, release.at === '' ? undefined : release.at],
  ];
  for (const [name, expected, found] of facts)
    findings.same('release', at, `its ${name} is not what ${id} says`, expected, cleaned(found));
}

/** As a trailer has it. */
function cleaned(text: string | undefined): string | undefined {
  const clean = oneLine(text ?? '');
  return clean === '' ? undefined : clean;
}

/** A commit is an object; the two names keep revisions of the job repository and other ids apart elsewhere. */
function asRevision(id: ObjectId): Revision {
  return id as string as Revision;
}
