import type { EnvironmentConfig } from '../config/config.js';
import { blobId, treeId } from '../domain/source/tree-id.js';
import type { ObjectFormat, Revision } from '../domain/source/revision.js';
import { formatOf } from '../domain/source/revision.js';
import { layersAt, type RevisionLayer } from '../queries/revision-files.js';
import { TowlineError } from '../runtime/errors.js';
import type { Session } from './compose.js';
import { readWorkTree } from './work-tree.js';

export interface Sources {
  layers: RevisionLayer[];
  revision: Revision;
}

/** The layers of an environment in the work tree, committed or not. */
export async function workTreeLayers(
  environment: EnvironmentConfig,
  home: string,
  format: ObjectFormat = 'sha1',
): Promise<RevisionLayer[]> {
  const layers: RevisionLayer[] = [];
  for (const folder of environment.layers) {
    const { files, unread } = await readWorkTree([folder === '' ? '.' : folder], home);
    const identified = files.map((file) => ({ ...file, id: blobId(file.bytes, format) }));
    const below = (path: string): string => (folder === '' ? path : path.slice(folder.length + 1));
    const tree = treeId(
      identified.map(({ path, id }) => ({ path: below(path), id, mode: '100644' })),
      format,
    );
    layers.push({ folder, files: identified, unread, tree });
  }
  return layers;
}

/** The commit that a person named. */
export async function namedRevision(
  expression: string,
  session: Session,
  signal: AbortSignal,
): Promise<Revision> {
  const repository = await session.repository();
  await repository.fetch({ signal });
  return found(await repository.resolveExpression(expression, { signal }), expression, repository.location);
}

/**
 * What an environment is made of: the revision that was asked for; else the work tree on top of HEAD, or the branch where
 * the job repository is somewhere else.
 */
export async function readSources(
  environment: EnvironmentConfig,
  session: Session,
  asked: string | undefined,
  signal: AbortSignal,
): Promise<Sources> {
  const repository = await session.repository();
  if (asked === undefined && session.config.repository.url === undefined) {
    const revision = await repository.resolve('HEAD', { signal });
    if (revision === undefined)
      throw new TowlineError('revision-missing', 'invalid', `${repository.location} has no commit`, {
        help: 'Commit something first: what is shown names the revision that it is made of.',
      });
    return { revision, layers: await workTreeLayers(environment, session.home, formatOf(revision)) };
  }
  let revision: Revision;
  if (asked === undefined) {
    await repository.fetch({ signal });
    const { branch } = environment;
    revision = found(await repository.resolve(branch, { signal }), branch, repository.location);
  } else revision = await namedRevision(asked, session, signal);
  return { revision, layers: await layersAt(repository, revision, environment.layers, signal) };
}

/** As `readSources`, where no revision has to be named: a work tree without a commit will do. */
export async function readLayers(
  environment: EnvironmentConfig,
  session: Session,
  asked: string | undefined,
  signal: AbortSignal,
): Promise<RevisionLayer[]> {
  if (asked === undefined && session.config.repository.url === undefined)
    return workTreeLayers(environment, session.home);
  return (await readSources(environment, session, asked, signal)).layers;
}

function found(revision: Revision | undefined, name: string, location: string): Revision {
  if (revision !== undefined) return revision;
  throw new TowlineError('revision-missing', 'invalid', `${location} has no revision "${name}"`, {
    help: 'Check the name.',
  });
}
