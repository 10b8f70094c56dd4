import picomatch from 'picomatch';
import type { Job } from '../../job/job.js';
import type { SecretPlaces } from '../../job/scheduler-model.js';
import { segments, type Pointer } from '../../source/json.js';
import type { FieldRule } from '../field-rules.js';

/**
 * Places of a job whose texts are secret. A part of a pointer may hold `*`, which stands for any characters; in a list it
 * is a position, or the `name` or `key` of an entry: `/env/*_TOKEN`, `/environmentVariables/DB_*` + `/value`.
 */
export type SecretRule = FieldRule;

/** A pointer in parts, ready to be looked for. */
export type Pattern = readonly Part[];
export interface Part {
  /** A name without `*`; undefined: it has to be asked with `fits`. */
  name: string | undefined;
  fits(name: string): boolean;
}

/** What rules have to know of a job. `files` undefined: nobody knows which files state it, so that any may. */
export interface About extends Pick<Job, 'id' | 'ref' | 'scheduler'> {
  files: readonly string[] | undefined;
}

interface Compiled {
  matches(about: About): boolean;
  fields: readonly Pointer[];
}

/** Rules and what schedulers' models say themselves, as patterns by job. Each set of fields is compiled once. */
export class SecretFields {
  readonly #rules: readonly Compiled[];
  readonly #places: ReadonlyMap<string, SecretPlaces>;
  readonly #patterns = new Map<string, readonly Pattern[]>();

  constructor(rules: readonly SecretRule[], places: ReadonlyMap<string, SecretPlaces>) {
    this.#rules = rules.map(compiled);
    this.#places = places;
  }

  of(about: About): readonly Pattern[] {
    const places = this.#places.get(about.scheduler);
    let key = about.scheduler;
    for (const rule of this.#rules) key += rule.matches(about) ? ' 1' : ' 0';
    const known = this.#patterns.get(key);
    if (known !== undefined) return known;
    const said = this.#rules.filter((rule) => rule.matches(about)).flatMap(({ fields }) => fields);
    const twins = said.flatMap((field) => twinsOf(field, places?.twins ?? []));
    const all = new Set([...(places?.references ?? []), ...said, ...twins]);
    // What names a job is no secret: nothing could be said of it without it.
    const patterns = [...all].map((field) => patternOf(field, places?.naming));
    this.#patterns.set(key, patterns);
    return patterns;
  }

  /** Fields that hold an unkeyed digest of the whole job: hidden wherever anything else of it is. */
  digestsOf(scheduler: string): readonly Pointer[] {
    return this.#places.get(scheduler)?.digests ?? [];
  }
}

/** Where a field has two places, of which the server shows the other one, a rule for one is for both. */
function twinsOf(field: Pointer, twins: NonNullable<SecretPlaces['twins']>): Pointer[] {
  return twins
    .filter((pair) => pair.some((place) => within(field, place) || within(place, field)))
    .flatMap((pair) => [...pair]);
}

function within(a: Pointer, b: Pointer): boolean {
  const [inner, outer] = [segments(a), segments(b)];
  return outer.length <= inner.length && outer.every((part, at) => partOf(part).fits(inner[at] ?? ''));
}

function compiled({ fields, jobs, files }: SecretRule): Compiled {
  const isJob = jobs.length === 0 ? undefined : picomatch([...jobs]);
  const isFile = files.length === 0 ? undefined : picomatch([...files]);
  return {
    fields,
    matches: ({ id, ref, files: of }) =>
      (isJob === undefined || isJob(id) || jobs.includes(ref)) &&
      (isFile === undefined || of === undefined || of.some((file) => isFile(file))),
  };
}

function patternOf(field: Pointer, naming: string | undefined): Pattern {
  const [first, ...rest] = segments(field).map(partOf);
  if (first === undefined) return [];
  const top: Part =
    naming === undefined ? first : { ...first, fits: (name) => name !== naming && first.fits(name) };
  return [top.name === naming ? { name: undefined, fits: () => false } : top, ...rest];
}

function partOf(text: string): Part {
  if (!text.includes('*')) return { name: text, fits: (name) => name === text };
  const pieces = text.split('*').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${pieces.join('[^]*')}$`);
  return { name: undefined, fits: (name) => expression.test(name) };
}
