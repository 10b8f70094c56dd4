import type { JobRef } from '../../job/job-ref.js';
import type { ValidatedJob } from '../../job/job.js';
import type { LiveJob } from '../plan.js';
import type { KnownJob, PlanInput } from '../plan-input.js';

/** How single parts of an input are hidden. Each answers with the same object where nothing of it is secret. */
export interface PartMasks {
  desired(job: ValidatedJob): ValidatedJob;
  live(job: LiveJob, files: readonly string[] | undefined): LiveJob;
  known(ref: JobRef, known: KnownJob, about: KnownAbout): KnownJob;
  text(text: string): string;
}

export interface KnownAbout {
  files?: readonly string[] | undefined;
  now: () => LiveJob | undefined;
}

/** What was hidden of the parts of an input: those that differ from what was given. */
interface Hidden {
  desired: Map<JobRef, ValidatedJob>;
  live: Map<JobRef, LiveJob>;
  known: Map<JobRef, KnownJob>;
}

/**
 * Hides the secrets of everything that a plan is made of. Of an input that follows another one only the jobs are looked at
 * that may be different since, as the planner does: of ten thousand jobs a commit changes one.
 */
export class InputMask {
  readonly #masks: PartMasks;
  #hidden: Hidden | undefined;
  /** Which look at everything that is about. */
  #look: ReadonlyMap<JobRef, LiveJob> | undefined;

  constructor(masks: PartMasks) {
    this.#masks = masks;
  }

  input(input: PlanInput): PlanInput {
    const { since } = input;
    const follows = since !== undefined && since.live === this.#look && since.live.size === input.live.length;
    const hidden = follows ? this.#followed(input, since) : this.#whole(input);
    this.#hidden = hidden;
    this.#look = since?.live;
    return {
      ...input,
      desired: listWith(input.desired, hidden.desired),
      live: listWith(input.live, hidden.live),
      known: mapWith(input.known, hidden.known),
      rejected: this.#texts(input.rejected),
      unreadable: this.#texts(input.unreadable),
      ...(since === undefined
        ? {}
        : {
            since: {
              ...since,
              desired: mapWith(since.desired, hidden.desired),
              live: mapWith(since.live, hidden.live),
            },
          }),
    };
  }

  #whole({ desired, live, known, since }: PlanInput): Hidden {
    const hidden = nothing();
    const statedBy = new Map(desired.map(({ ref, source }) => [ref, source.files]));
    const byRef = new Map([...live, ...(since?.live.values() ?? [])].map((job) => [job.ref, job]));
    for (const job of [...desired, ...(since?.desired.values() ?? [])])
      note(hidden.desired, job.ref, job, this.#masks.desired(job));
    for (const job of byRef.values())
      note(hidden.live, job.ref, job, this.#masks.live(job, statedBy.get(job.ref)));
    for (const [ref, each] of known) {
      const about = { files: statedBy.get(ref), now: () => byRef.get(ref) };
      note(hidden.known, ref, each, this.#masks.known(ref, each, about));
    }
    return hidden;
  }

  #followed({ known }: PlanInput, since: NonNullable<PlanInput['since']>): Hidden {
    const hidden = this.#hidden ?? nothing();
    for (const ref of since.touched) {
      const [stated, live, each] = [since.desired.get(ref), since.live.get(ref), known.get(ref)];
      const files = stated?.source.files;
      if (stated === undefined) hidden.desired.delete(ref);
      else note(hidden.desired, ref, stated, this.#masks.desired(stated));
      if (live === undefined) hidden.live.delete(ref);
      else note(hidden.live, ref, live, this.#masks.live(live, files));
      if (each === undefined) hidden.known.delete(ref);
      else note(hidden.known, ref, each, this.#masks.known(ref, each, { files, now: () => live }));
    }
    return hidden;
  }

  #texts<K>(texts: ReadonlyMap<K, string>): ReadonlyMap<K, string> {
    return new Map([...texts].map(([key, text]) => [key, this.#masks.text(text)]));
  }
}

function nothing(): Hidden {
  return { desired: new Map(), live: new Map(), known: new Map() };
}

function note<T>(hidden: Map<JobRef, T>, ref: JobRef, given: T, masked: T): void {
  if (masked === given) hidden.delete(ref);
  else hidden.set(ref, masked);
}

function listWith<T extends { ref: JobRef }>(
  list: readonly T[],
  hidden: ReadonlyMap<JobRef, T>,
): readonly T[] {
  return hidden.size === 0 ? list : list.map((job) => hidden.get(job.ref) ?? job);
}

/** What is hidden of a job that is gone, or was not there yet, stays out. */
function mapWith<T>(map: ReadonlyMap<JobRef, T>, hidden: ReadonlyMap<JobRef, T>): ReadonlyMap<JobRef, T> {
  if (hidden.size === 0) return map;
  const copy = new Map(map);
  for (const [ref, job] of hidden) if (copy.has(ref)) copy.set(ref, job);
  return copy;
}
