import { parseJson } from '../../domain/record/ledger-files.js';
import type { Json } from '../../domain/source/json.js';

/** Texts that are kept parsed: those of an entry and of the one before it. */
const MOST = 16;

/** Most entries leave most of the files as they were, and several checks read the same one: each is read once. */
export class ParsedTexts {
  #known = new Map<string, Json | undefined>();

  /** Undefined for what is no JSON. */
  of(text: string): Json | undefined {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST) this.#known = new Map([...this.#known].slice(MOST / 2));
    const value = parseJson(text);
    this.#known.set(text, value);
    return value;
  }
}
