import { parseImageRef } from '../../domain/job/image-ref.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { Job, JobKind } from '../../domain/job/job.js';
import { parseRelease, releaseText } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import type { JsonObject, Pointer } from '../../domain/source/json.js';
import { valueAt } from '../../domain/source/json.js';
import { kvKey } from '../../domain/source/kv-layout.js';
import type { Revision } from '../../domain/source/revision.js';
import type { CommitInfo } from '../../ports/job-repository.js';
import { messageOf } from '../../runtime/errors.js';
import type { Models } from '../declared.js';
import { beyond, commitLink, missing, personOf, type WhyLink } from './link.js';
import type { Looking } from './sources.js';

/** An image that a job names, and where. */
export interface NamedImage {
  pointer: Pointer;
  image: string;
}

/** Where the images of a job come from: the commit that put each there, its release, the build and the source. */
export async function releaseLinks(
  images: readonly NamedImage[],
  from: { ref: JobRef; revision: Revision | undefined; job: Job | undefined },
  looking: Looking,
): Promise<WhyLink[]> {
  if (images.length === 0) return [missing('release', 'the job names no image')];
  const links: WhyLink[] = [];
  for (const named of images) links.push(...(await linksOf(named, from, looking)));
  return links;
}

async function linksOf(
  { pointer, image }: NamedImage,
  { ref, revision, job }: { ref: JobRef; revision: Revision | undefined; job: Job | undefined },
  looking: Looking,
): Promise<WhyLink[]> {
  const promoted =
    revision === undefined || job === undefined
      ? { link: beyond('promotion', revision === undefined ? 'revision' : 'manifest') }
      : await promotionOf({ pointer, image }, ref, revision, looking);
  return [promoted.link, ...(await originLinks(image, promoted.commit, looking))];
}

/** The release of an image as KV or its promotion tells it, its build and its source. */
export async function originLinks(
  image: string,
  promotion: CommitInfo | undefined,
  looking: Looking,
): Promise<WhyLink[]> {
  const found = await releaseOf(image, looking);
  const { release } = found;
  const trailer = (key: string): string | undefined => promotion?.trailers.find((t) => t.key === key)?.value;
  const build = release?.buildUrl ?? trailer('Towline-Build');
  const source = release?.sourceCommit ?? trailer('Towline-Source-Commit');
  const repository = release?.sourceRepository ?? trailer('Towline-Source-Repository');
  const by = release?.by ?? trailer('Towline-Released-By');
  const at = release?.at ?? trailer('Towline-Released-At');
  const known = release !== undefined || (promotion !== undefined && found.other);
  const what = promotion === undefined ? found.why : `${found.why}; its promotion names it`;
  return [
    {
      link: 'release',
      id: image,
      text: release === undefined ? `${image} (${what})` : image,
      ...(by === undefined || by === '' ? {} : { by }),
      ...(at === undefined || at === '' ? {} : { at }),
      ...(known ? {} : { missing: true }),
      // Which release it was only the promotion would know.
      ...(!known && found.other ? { because: 'promotion' as const } : {}),
    },
    build !== undefined
      ? { link: 'build', id: build, text: build }
      : known
        ? missing('build', 'the release names no build')
        : beyond('build', 'release'),
    source !== undefined
      ? { link: 'source', id: source, text: repository === undefined ? source : `${source} of ${repository}` }
      : known
        ? missing('source', 'the release names no source commit')
        : beyond('source', 'release'),
  ];
}

/** The images of a job's document. */
export function imagesOf(
  { scheduler, kind }: { scheduler: string; kind: JobKind },
  document: JsonObject | undefined,
  models: Models,
): NamedImage[] {
  const model = models.get(scheduler)?.model;
  if (document === undefined || model === undefined) return [];
  return model.images({ kind, spec: document }).flatMap((pointer) => {
    const image = valueAt(document, pointer);
    return typeof image === 'string' ? [{ pointer, image }] : [];
  });
}

/** The commit that put an image where it stands. That one promoted it, or somebody wrote it by hand. */
async function promotionOf(
  { pointer, image }: NamedImage,
  ref: JobRef,
  revision: Revision,
  { stated, signal }: Looking,
): Promise<{ link: WhyLink; commit?: CommitInfo }> {
  const setter = await stated.setter(ref, revision, ({ spec }) => valueAt(spec, pointer), signal);
  if (setter?.kind !== 'commit') {
    const looked = setter === undefined ? '' : ` of the ${setter.commits} that were looked at`;
    return { link: missing('promotion', `no commit${looked} put ${image} there`) };
  }
  const { commit } = setter;
  const names = (key: string, fits: (value: string) => boolean): boolean =>
    commit.trailers.some((t) => t.key === key && fits(t.value));
  const isPromotion =
    names('Towline-Release', (value) => sameImage(value, image)) &&
    names('Towline-Job', (value) => value === ref);
  if (isPromotion) return { link: commitLink('promotion', commit, commit.subject), commit };
  return {
    link: {
      ...missing('promotion', `${image} was not promoted: "${commit.subject}" wrote it by hand`),
      id: commit.revision,
      by: personOf(commit),
      at: commit.at,
    },
  };
}

/** `other`: KV holds another release of the image, which is no loss: it holds one of each. */
async function releaseOf(
  image: string,
  { kv, releasesPrefix, signal }: Looking,
): Promise<{ release?: Release; other: boolean; why: string }> {
  const name = parseImageRef(image)?.name;
  if (name === undefined) return { other: false, why: 'it is no image reference' };
  try {
    const entry = await kv.get(kvKey(releasesPrefix + name), { signal });
    if (entry === undefined) return { other: false, why: `KV holds no release of ${name}` };
    const parsed = parseRelease(name, entry.value);
    if ('reason' in parsed) return { other: false, why: `its release in KV can't be read: ${parsed.reason}` };
    const text = releaseText(parsed.release);
    return sameImage(text, image)
      ? { release: parsed.release, other: false, why: '' }
      : { other: true, why: `KV holds ${text} by now` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { other: false, why: `KV does not answer: ${messageOf(error)}` };
  }
}

/** Same name and tag; digests must be equal only where both name one. */
export function sameImage(a: string, b: string): boolean {
  const [left, right] = [parseImageRef(a), parseImageRef(b)];
  if (left === undefined || right === undefined || left.name !== right.name || left.tag !== right.tag)
    return false;
  return left.digest === undefined || right.digest === undefined || left.digest === right.digest;
}
