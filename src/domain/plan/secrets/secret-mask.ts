import type { JobRef } from '../../job/job-ref.js';
import type { Job } from '../../job/job.js';
import type { ModelContext, SchedulerModel } from '../../job/scheduler-model.js';
import type { JsonObject } from '../../source/json.js';
import type { Change, LiveJob } from '../plan.js';
import type { KnownJob, PlanInput } from '../plan-input.js';
import { SecretFields, type About, type SecretRule } from './fields.js';
import { InputMask, type KnownAbout } from './input-mask.js';
import {
  isMasked,
  keysIn,
  maskDocument,
  maskOf,
  replacedAt,
  underKey,
  unmaskDocument,
  type MaskKey,
} from './mask.js';

export interface SecretMaskOptions {
  rules: readonly SecretRule[];
  schedulers: ReadonlyMap<string, { model: SchedulerModel; context: ModelContext }>;
  /** Asked for when the first secret is found. */
  key: () => MaskKey;
  /** Told of every value that is secret, so that nobody prints it. */
  learned?: (value: string) => void;
  /** Takes what is known to be secret out of a text. */
  redact?: (text: string) => string;
}

/** What came of a job, for the files that were taken to state it. `settled`: all its digests are of the key. */
interface Seen<T> {
  files: readonly string[] | undefined;
  masked: T;
  settled: boolean;
}

const NO_KEY: MaskKey = { id: '', secret: '' };

/**
 * Stands between what is read and what is planned and recorded: documents that pass it have digests in the place of their
 * secrets, and get them back when a change is carried out. It remembers what it hid, by object, so that a job that did not
 * change costs one look.
 */
export class SecretMask {
  readonly #options: SecretMaskOptions;
  readonly #fields: SecretFields;
  readonly #values = new Map<string, string>();
  readonly #jobs = new WeakMap<Job, Job>();
  readonly #live = new WeakMap<LiveJob, Seen<LiveJob>>();
  readonly #known = new WeakMap<KnownJob, Seen<KnownJob>>();
  /** The documents that hidden ones were made of. */
  readonly #real = new WeakMap<JsonObject, JsonObject>();
  readonly #input = new InputMask({
    desired: (job) => this.job(job),
    live: (job, files) => this.live(job, files),
    known: (ref, known, about) => this.known(ref, known, about),
    text: (text) => this.text(text),
  });
  #key: MaskKey | undefined;

  constructor(options: SecretMaskOptions) {
    this.#options = options;
    const places = [...options.schedulers].map(([name, { model }]) => {
      const { references = [], digests, twins } = model.secrets ?? {};
      const naming = model.naming.member;
      return [name, { naming, references, ...(digests && { digests }), ...(twins && { twins }) }] as const;
    });
    this.#fields = new SecretFields(options.rules, new Map(places));
  }

  /** A job of Git; the same object where it has no secrets. */
  job<T extends Job>(job: T): T {
    const known = this.#jobs.get(job);
    if (known !== undefined) return known as T;
    const spec = this.document({ ...job, files: job.source.files }, job.spec);
    const masked = spec === job.spec ? job : { ...job, spec };
    this.#jobs.set(job, masked);
    return masked;
  }

  /** Looks at a job only to know what must not be printed; no key is needed for that. */
  learn(job: Job): void {
    maskDocument(job.spec, this.#fields.of({ ...job, files: job.source.files }), {
      key: () => NO_KEY,
      hidden: (_token, value) => this.#options.learned?.(value),
    });
  }

  /** A live job. `files`: those that state it in Git, where it is there. */
  live(live: LiveJob, files?: readonly string[]): LiveJob {
    const before = this.#live.get(live);
    if (before !== undefined && before.files === files) return before.masked;
    const scheduler = live.ref.slice(0, live.ref.indexOf(':'));
    const spec = this.document({ id: live.id, ref: live.ref, scheduler, files }, live.spec);
    const model = this.#options.schedulers.get(scheduler)?.model;
    // Only the whole document tells.
    const copy = spec === live.spec ? undefined : model?.isCopy?.(live);
    const masked = spec === live.spec ? live : { ...live, spec, ...(copy === undefined ? {} : { copy }) };
    this.#live.set(live, { files, masked, settled: true });
    return masked;
  }

  /**
   * What is on record of a job: from before there was a rule it may be whole, from before the key was another one it can't
   * be compared, and counts as it is live (`now`).
   */
  known(ref: JobRef, known: KnownJob, { files, now }: KnownAbout): KnownJob {
    if (known.document === undefined) return known;
    const { masked, settled } = this.#knownUnder(ref, known, files);
    const live = settled ? undefined : now();
    if (live === undefined || masked.document === undefined) return masked;
    const document = underKey(masked.document, this.live(live, files).spec, () => this.#keyNow().id);
    return document === masked.document ? masked : { ...masked, document };
  }

  #knownUnder(ref: JobRef, known: KnownJob, files: readonly string[] | undefined): Seen<KnownJob> {
    const before = this.#known.get(known);
    if (before !== undefined && before.files === files) return before;
    const given = known.document ?? {};
    const document = this.document({ id: known.id, scheduler: known.scheduler, ref, files }, given);
    const seen = {
      files,
      masked: document === given ? known : { ...known, document },
      settled: keysIn(document).every((id) => id === this.#keyNow().id),
    };
    this.#known.set(known, seen);
    return seen;
  }

  document(about: About, document: JsonObject): JsonObject {
    const masked = maskDocument(document, this.#fields.of(about), {
      key: () => this.#keyNow(),
      hidden: (token, value) => {
        this.#values.set(token, value);
        this.#options.learned?.(value);
      },
    });
    if (masked === document) return document;
    const result = this.#fields
      .digestsOf(about.scheduler)
      .reduce((rest, at) => replacedAt(rest, at, (text) => this.#digestOf(text)), masked);
    this.#real.set(result, document);
    return result;
  }

  /** Everything that a plan is made of, without secrets. */
  input(input: PlanInput): PlanInput {
    return this.#input.input(input);
  }

  /** A change as it is carried out: with the values that its documents are about. */
  change(change: Change): Change {
    const { desired, live, document, lastApplied } = change;
    return {
      ...change,
      ...(desired === undefined ? {} : { desired: { ...desired, spec: this.real(desired.spec) } }),
      ...(live === undefined ? {} : { live: { ...live, spec: this.real(live.spec) } }),
      ...(document === undefined ? {} : { document: this.real(document) }),
      ...(lastApplied === undefined ? {} : { lastApplied: this.real(lastApplied) }),
    };
  }

  /** A document with its secrets back, as far as they passed here. */
  real(document: JsonObject): JsonObject {
    return this.#real.get(document) ?? unmaskDocument(document, (token) => this.#values.get(token));
  }

  /** A text that somebody else wrote, without what is known to be secret. */
  text(text: string): string {
    return this.#options.redact?.(text) ?? text;
  }

  #digestOf(text: string): string {
    if (isMasked(text)) return text;
    const token = maskOf(text, this.#keyNow());
    this.#values.set(token, text);
    return token;
  }

  #keyNow(): MaskKey {
    return (this.#key ??= this.#options.key());
  }
}
