import { isCalled, parseJobRef } from '../domain/job/job-ref.js';
import { releaseName } from '../domain/job/image-ref.js';
import type { Veto } from '../domain/plan/policy.js';
import { digest } from '../domain/source/digest.js';
import { branchTip } from '../queries/branch-tip.js';
import { declaredJobs } from '../queries/declared.js';
import { layersAt, treesAt } from '../queries/revision-files.js';
import { TowlineError } from '../runtime/errors.js';
import type { GateScene } from './gate-order.js';
import { namedRevision } from './sources.js';

type Named = Omit<Veto, 'by' | 'at' | 'reason'>;

/**
 * What a person means by a word: a job by its reference, `IMAGE:TAG`, a job by its id, or else a revision in whatever way git
 * understands.
 */
export async function vetoTarget(target: string, scene: GateScene): Promise<Named> {
  const { environment } = scene;
  const isReference = environment.schedulers.some(({ name }) => name === parseJobRef(target)?.scheduler);
  if (isReference || target.startsWith('/')) return definition(target, scene);
  const release = target.includes(':') ? releaseName(target) : undefined;
  if (release !== undefined) return { kind: 'release', name: release, digests: [] };
  if (/^[0-9a-f]{7,64}$/.test(target)) return revision(target, scene);
  const jobs = await statedJobs(scene);
  return jobs.some((job) => isCalled(job, target)) ? definition(target, scene) : revision(target, scene);
}

/** The vetoes that are meant, of those on record: without Git, where they can be told by their names. */
export async function vetoesCalled(target: string, scene: GateScene): Promise<readonly Veto[]> {
  const standing = Object.values(scene.state?.vetoes ?? {});
  if (target === 'all') return standing;
  const called = standing.filter(({ kind, name }) => {
    if (name === target || `${kind} ${name}` === target) return true;
    if (kind === 'job') return isCalled({ ref: name, id: parseJobRef(name)?.id ?? '' }, target);
    if (kind === 'release') return target.includes(':') && name === releaseName(target);
    return /^[0-9a-f]{7,}$/.test(target) && name.startsWith(target);
  });
  if (called.length > 0) return called;
  const { kind, name, digests } = await vetoTarget(target, scene);
  if (kind !== 'revision') return [];
  // Another commit with the same content is held by the same veto.
  return standing.filter(
    (veto) => veto.kind === kind && (veto.name === name || digests.every((id) => veto.digests.includes(id))),
  );
}

async function revision(target: string, { session, environment, io }: GateScene): Promise<Named> {
  const found = await namedRevision(target, session, io.signal);
  const trees = await treesAt(await session.repository(), found, environment.layers, io.signal);
  return { kind: 'revision', name: found, digests: trees.map(({ tree }) => tree) };
}

/** The definition of a job that Git states now. */
async function definition(target: string, scene: GateScene): Promise<Named> {
  const found = (await statedJobs(scene)).filter((job) => isCalled(job, target));
  const [job] = found;
  if (job !== undefined && found.length === 1)
    return { kind: 'job', name: job.ref, digests: [digest(job.spec)] };
  const { name } = scene.environment;
  throw new TowlineError(
    'job-unknown',
    'invalid',
    found.length === 0
      ? `${name} states no valid job "${target}"`
      : `"${target}" may be ${found.map(({ ref }) => ref).join(' or ')}`,
    { help: `towline render ${name} shows all of them.` },
  );
}

async function statedJobs({
  session,
  environment,
  io,
}: GateScene): Promise<ReturnType<typeof declaredJobs>['jobs']> {
  const repository = await session.repository();
  const tip = await branchTip(repository, environment.branch, io.signal);
  const layers = await layersAt(repository, tip, environment.layers, io.signal);
  return declaredJobs(layers, session.models(environment), { rules: environment.rules }).jobs;
}
