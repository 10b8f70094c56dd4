import type { ObjectFormat, ObjectId } from '../domain/source/revision.js';
import { gitObjectId, parseTreeObject } from '../domain/source/tree-object.js';
import type { DamagedObject, SoundObject } from '../ports/commit-walk.js';
import { isAbort, messageOf } from '../runtime/errors.js';
import type { CatFile, GitObject } from './cat-file.js';
import type { TreeLine } from './tree-lines.js';

/** Objects asked for together; the next ones are on their way while these are looked at. */
const WINDOW = 256;
/** Parsed trees that are kept. */
const MOST_TREES = 4096;

type Answer = PromiseSettledResult<GitObject | undefined>;

/** Objects of a repository, each hashed again: git itself takes a file of its store by its name. */
export class VerifiedObjects {
  readonly #trees = new Map<ObjectId, Map<string, TreeLine>>();
  readonly #sound = new Set<ObjectId>();

  constructor(
    readonly catFile: CatFile,
    readonly format: ObjectFormat,
  ) {}

  /** In the order asked for. */
  async *read(ids: readonly ObjectId[], signal: AbortSignal): AsyncIterable<SoundObject | DamagedObject> {
    const ask = (from: number): Promise<Answer[]> =>
      Promise.allSettled(from < ids.length ? this.catFile.askAll(ids.slice(from, from + WINDOW)) : []);
    let next = ask(0);
    for (let from = 0; from < ids.length; from += WINDOW) {
      signal.throwIfAborted();
      const answers = await next;
      next = ask(from + WINDOW);
      for (const [at, answer] of answers.entries()) {
        const id = ids[from + at];
        if (id === undefined) continue;
        // One that git stumbles over takes those asked for after it along.
        yield answer.status === 'fulfilled' ? this.#checked(id, answer.value) : await this.#alone(id);
      }
    }
    await next;
  }

  async one(id: ObjectId, signal: AbortSignal): Promise<SoundObject | DamagedObject> {
    for await (const object of this.read([id], signal)) return object;
    return { id, problem: 'it is missing' };
  }

  /** Lines of trees, from what was read before where it was. */
  async trees(
    ids: readonly ObjectId[],
    signal: AbortSignal,
  ): Promise<{ lines: Map<ObjectId, Map<string, TreeLine>>; damaged: Map<ObjectId, DamagedObject> }> {
    const lines = new Map<ObjectId, Map<string, TreeLine>>();
    const damaged = new Map<ObjectId, DamagedObject>();
    const unread: ObjectId[] = [];
    for (const id of new Set(ids)) {
      const known = this.#trees.get(id);
      if (known === undefined) unread.push(id);
      else lines.set(id, known);
    }
    if (this.#trees.size + unread.length > MOST_TREES) this.#trees.clear();
    for await (const object of this.read(unread, signal)) {
      const parsed = 'problem' in object ? undefined : this.#linesOf(object);
      if (parsed !== undefined) {
        lines.set(object.id, parsed);
        this.#trees.set(object.id, parsed);
      } else
        damaged.set(object.id, 'problem' in object ? object : { id: object.id, problem: 'it is no tree' });
    }
    return { lines, damaged };
  }

  /** Everything damaged in these trees and below them. */
  async damagedBelow(trees: readonly ObjectId[], signal: AbortSignal): Promise<DamagedObject[]> {
    const damaged: DamagedObject[] = [];
    let level = [...new Set(trees)].filter((id) => !this.#sound.has(id));
    const blobs = new Set<ObjectId>();
    while (level.length > 0) {
      const below = new Set<ObjectId>();
      for await (const object of this.read(level, signal)) {
        const lines = 'problem' in object ? undefined : this.#linesOf(object);
        if (lines === undefined) {
          damaged.push('problem' in object ? object : { id: object.id, problem: 'it is no tree' });
          continue;
        }
        this.#sound.add(object.id);
        for (const { mode, id } of lines.values()) {
          if (this.#sound.has(id) || mode === '160000') continue;
          if (mode === '40000') below.add(id);
          else blobs.add(id);
        }
      }
      level = [...below];
    }
    for await (const object of this.read([...blobs], signal)) {
      if ('problem' in object) damaged.push(object);
      else this.#sound.add(object.id);
    }
    return damaged;
  }

  #linesOf({ type, bytes }: SoundObject): Map<string, TreeLine> | undefined {
    return type === 'tree' ? parseTreeObject(bytes, this.format) : undefined;
  }

  async #alone(id: ObjectId): Promise<SoundObject | DamagedObject> {
    try {
      return this.#checked(id, await this.catFile.ask(id));
    } catch (error) {
      if (isAbort(error)) throw error;
      return { id, problem: `git can't read it: ${messageOf(error)}` };
    }
  }

  #checked(id: ObjectId, found: GitObject | undefined): SoundObject | DamagedObject {
    if (found === undefined) return { id, problem: 'it is missing' };
    const { type, bytes } = found;
    if (type !== 'blob' && type !== 'tree' && type !== 'commit' && type !== 'tag')
      return { id, problem: `it is a ${type}` };
    const real = gitObjectId(type, bytes, this.format);
    return real === id ? { id, type, bytes } : { id, problem: `its content is that of ${real}` };
  }
}
