import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { EnvironmentConfig } from '../config/config.js';
import { EVERY_RULE, type RulePolicy } from '../domain/job/validate/rule-policy.js';
import type { SecretMask } from '../domain/plan/secrets/index.js';
import type { Revision } from '../domain/source/revision.js';
import { affectedFiles } from '../queries/affected.js';
import {
  declaredJobs,
  type LayerFiles,
  type ManifestCache,
  type Models,
  type SourceFile,
} from '../queries/declared.js';
import { layersAt } from '../queries/revision-files.js';
import { TowlineError } from '../runtime/errors.js';
import { systemClock } from '../runtime/system-clock.js';
import { SCHEDULER_KINDS } from '../schedulers/registry.js';
import type { Session } from './compose.js';
import type { Io } from './io.js';
import type { Checked } from './print/reports/index.js';
import { namedRevision, workTreeLayers } from './sources.js';
import { readWorkTree, type WorkFiles } from './work-tree.js';

/** What every check needs. */
export interface Checks {
  session: Session;
  io: Io;
  /** Shared by all sets of a run: what two environments have in common is parsed once. */
  cache: ManifestCache;
}

/** The folders of an environment as they stand in the work tree. */
export async function checkWorkTree(environment: EnvironmentConfig, checks: Checks): Promise<Checked> {
  const { session } = checks;
  const layers = await workTreeLayers(environment, session.home);
  return check(environment.name, layers, {
    ...checks,
    models: toldTheTime(session.models(environment)),
    rules: environment.rules,
    secrets: session.secrets(environment),
  });
}

export async function checkRevision(
  name: string,
  environment: EnvironmentConfig,
  checks: Checks,
): Promise<Checked> {
  const { session, io } = checks;
  const revision = await namedRevision(name, session, io.signal);
  const layers = await layersAt(await session.repository(), revision, environment.layers, io.signal);
  return check(environment.name, layers, {
    ...checks,
    models: toldTheTime(session.models(environment)),
    rules: environment.rules,
    secrets: session.secrets(environment),
  });
}

/** Only what the range changed, and what depends on it; the rest of the environment is known, but not judged. */
export async function checkRange(
  range: string,
  environment: EnvironmentConfig,
  checks: Checks,
): Promise<Checked> {
  const { session, io } = checks;
  const [from = '', to = '', ...more] = range.split(/\.{2,3}/);
  if (from === '' || more.length > 0)
    throw new TowlineError('validate-range', 'invalid', `"${range}" is no range`, {
      help: 'Write it as FROM..TO, for example origin/main..HEAD.',
    });
  const before = await layersBefore(
    await namedRevision(from, session, io.signal),
    environment,
    session,
    io.signal,
  );
  const end = await namedRevision(to === '' ? 'HEAD' : to, session, io.signal);
  const after = await layersAt(await session.repository(), end, environment.layers, io.signal);
  const ids = [before, after].map(
    (layers) => new Map(layers.flatMap(({ files }) => files).map(({ path, id }) => [path, id])),
  );
  const changed = new Set(
    [...before, ...after]
      .flatMap(({ files }) => files.map(({ path: file }) => file))
      .filter((file) => ids[0]?.get(file) !== ids[1]?.get(file)),
  );
  return checkAffected(environment, { before, after, changed }, checks);
}

/** A layer that was not there yet had no files. */
async function layersBefore(
  revision: Revision,
  environment: EnvironmentConfig,
  session: Session,
  signal: AbortSignal,
): Promise<LayerFiles[]> {
  const repository = await session.repository();
  const layers: LayerFiles[] = [];
  for (const folder of environment.layers) {
    try {
      layers.push(...(await layersAt(repository, revision, [folder], signal)));
    } catch (error) {
      if (!(error instanceof TowlineError && error.code === 'git-folder-missing')) throw error;
      layers.push({ folder, files: [] });
    }
  }
  return layers;
}

function checkAffected(
  environment: EnvironmentConfig,
  { before, after, changed }: { before?: LayerFiles[]; after: LayerFiles[]; changed: ReadonlySet<string> },
  { session, cache }: Checks,
): Checked {
  const models = toldTheTime(session.models(environment));
  const judged = declaredJobs(after, models, { rules: environment.rules, cache });
  const old = before === undefined ? [] : declaredJobs(before, models, { cache }).jobs;
  for (const job of [...judged.jobs, ...judged.rejected]) session.secrets(environment).learn(job);
  const affected = affectedFiles(changed, [...old, ...judged.jobs, ...judged.rejected], models);
  return {
    name: environment.name,
    files: after.flatMap(({ files }) => files.map((file) => file.path)).filter((file) => affected.has(file)),
    jobs: judged.jobs.filter(({ source }) => source.files.some((file) => affected.has(file))).length,
    diagnostics: judged.diagnostics.filter(({ place }) => affected.has(place.file)),
  };
}

/**
 * Files that were named. What lies in a folder of an environment is judged as a part of it, merged and among its other
 * jobs, and only findings that the named files can be the cause of are told; everything else is one set of its own.
 */
export async function checkPaths(
  paths: readonly string[],
  { env, stdinName }: { env?: string; stdinName: string },
  checks: Checks,
): Promise<Checked[]> {
  const { session, io } = checks;
  const given = await namedFiles(paths, stdinName, session.home, io);
  const named = env === undefined ? session.config.environments : session.environments([env]);
  const left = new Set([...given.files, ...given.unread].map((file) => file.path));
  const sets: Checked[] = [];
  for (const environment of named) {
    const within = (file: string): boolean =>
      environment.layers.some((folder) => folder === '' || file.startsWith(`${folder}/`));
    const changed = new Set([...given.files, ...given.unread].map((file) => file.path).filter(within));
    if (changed.size === 0) continue;
    for (const file of changed) left.delete(file);
    const after = withText(await workTreeLayers(environment, session.home), given.text);
    sets.push(checkAffected(environment, { after, changed }, checks));
  }
  const files = given.files.filter((file) => left.has(file.path));
  const unread = given.unread.filter((file) => left.has(file.path));
  if (files.length + unread.length > 0 || sets.length === 0) {
    const only = env === undefined ? undefined : named[0];
    const models = toldTheTime(only === undefined ? everyModel() : session.models(only));
    sets.push(
      check(paths.join(' '), [{ folder: '', files, unread }], {
        ...checks,
        models,
        rules: only?.rules,
        secrets: only === undefined ? undefined : session.secrets(only),
      }),
    );
  }
  return sets;
}

type Given = WorkFiles & { text?: SourceFile };

/** With paths in the job repository, as far as they are in it. */
async function namedFiles(paths: readonly string[], stdinName: string, home: string, io: Io): Promise<Given> {
  const named = paths.filter((each) => each !== '-');
  const files: WorkFiles =
    named.length === 0
      ? { files: [], unread: [] }
      : await readWorkTree(
          named.map((each) => path.resolve(io.cwd, each)),
          home,
        );
  if (named.length === paths.length) return files;
  const text: SourceFile = {
    path: path.relative(home, path.resolve(io.cwd, stdinName)).split(path.sep).join('/'),
    bytes: Buffer.from(await readAll(io.stdin)),
  };
  return {
    files: [...files.files.filter((file) => file.path !== text.path), text],
    unread: files.unread,
    text,
  };
}

/** The layers with what stands on standard input in the place of the file of that name. */
function withText(layers: readonly LayerFiles[], text: SourceFile | undefined): LayerFiles[] {
  return layers.map((layer) => {
    const { folder, files } = layer;
    if (text === undefined || !(folder === '' || text.path.startsWith(`${folder}/`))) return layer;
    const others = files.filter((file) => file.path !== text.path);
    return { ...layer, files: [...others, text].sort((a, b) => (a.path < b.path ? -1 : 1)) };
  });
}

function check(
  name: string,
  layers: readonly LayerFiles[],
  {
    models,
    rules = EVERY_RULE,
    cache,
    secrets,
  }: {
    models: Models;
    rules?: RulePolicy | undefined;
    cache: ManifestCache;
    secrets?: SecretMask | undefined;
  },
): Checked {
  const { jobs, rejected, diagnostics } = declaredJobs(layers, models, { rules, cache });
  // What is said of a job may name what is secret of it.
  for (const job of [...jobs, ...rejected]) secrets?.learn(job);
  return {
    name,
    files: layers.flatMap(({ files }) => files.map((file) => file.path)),
    jobs: jobs.length,
    diagnostics,
  };
}

/** Without an environment every scheduler that Towline knows may be meant. */
/** People are told of what has passed. */
function toldTheTime(models: Models): Models {
  const now = systemClock.now();
  return new Map(
    [...models].map(([name, { model, context }]) => [name, { model, context: { ...context, now } }]),
  );
}

function everyModel(): Models {
  return new Map(
    [...SCHEDULER_KINDS].map(([kind, { model }]) => [kind, { model, context: { settings: {} } }]),
  );
}
