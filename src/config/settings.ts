import type { Diagnostic, Place } from '../domain/source/diagnostic.js';
import { isObject, valueAt, type Json, type JsonObject, type Pointer } from '../domain/source/json.js';

/** Stands for a secret that was not read; nothing that needs one is done with such a configuration. */
export const UNREAD = 'not-read';

export type Env = Readonly<Record<string, string | undefined>>;
export type PlaceOf = (at: Pointer, part?: 'key' | 'value') => Place;

/** Where a value was set: a variable or flag by its name, or a place in the file. */
export type Origin = { name: string } | { at: Pointer };
export interface Sourced<T> {
  value: T;
  origin: Origin;
}

export interface SettingsOptions {
  file: JsonObject;
  placeOf: PlaceOf;
  env: Env;
  /** Reads a file that holds a secret, trimmed. */
  readSecret: (name: string) => Promise<string>;
  /** Reads another file that the configuration names; undefined where there is none. */
  readFile: (name: string) => Promise<Uint8Array | undefined>;
}

/**
 * Values by the order environment ← file, with where they come from; collects what is wrong instead of throwing. Values
 * of the wrong type count as not set: the schema has reported them already. Secrets never stand in a message.
 */
export class Settings {
  readonly diagnostics: Diagnostic[] = [];
  readonly #options: SettingsOptions;

  constructor(options: SettingsOptions) {
    this.#options = options;
  }

  /** An empty variable counts as not set. */
  variable(name: string): Sourced<string> | undefined {
    const value = this.#options.env[name];
    return value === undefined || value === '' ? undefined : { value, origin: { name } };
  }

  /** Names of all variables that are set. */
  get variables(): string[] {
    return Object.keys(this.#options.env).filter((name) => this.variable(name) !== undefined);
  }

  text(at: Pointer, variable?: string): Sourced<string> | undefined {
    const fromEnv = variable === undefined ? undefined : this.variable(variable);
    return fromEnv ?? this.#fromFile(at, (v): v is string => typeof v === 'string');
  }

  boolean(at: Pointer, variable?: string): boolean | undefined {
    const fromEnv = variable === undefined ? undefined : this.flag(variable);
    return fromEnv ?? this.#fromFile(at, (v): v is boolean => typeof v === 'boolean')?.value;
  }

  number(at: Pointer, variable?: string): number | undefined {
    const fromEnv = variable === undefined ? undefined : this.variable(variable);
    if (fromEnv === undefined) return this.#fromFile(at, (v): v is number => typeof v === 'number')?.value;
    const number = /^[0-9]+(\.[0-9]+)?$/.test(fromEnv.value) ? Number(fromEnv.value) : Number.NaN;
    if (number > 0 && number <= 86_400) return number;
    this.problem(fromEnv.origin, 'it must be a number above 0, at most 86400', 'Write it as 60 or 0.5.');
    return undefined;
  }

  /** A variable that says yes or no, in the words that Go's tools take. */
  flag(name: string): boolean | undefined {
    const value = this.variable(name)?.value.toLowerCase();
    if (value === undefined) return undefined;
    if (['1', 't', 'true'].includes(value)) return true;
    if (['0', 'f', 'false'].includes(value)) return false;
    this.problem({ name }, 'it is neither true nor false', 'Use true or false.');
    return undefined;
  }

  oneOf<T extends string>(allowed: readonly T[], ...given: (Sourced<string> | undefined)[]): T | undefined {
    for (const each of given) {
      if (each === undefined) continue;
      const known = allowed.find((word) => word === each.value);
      if (known !== undefined) return known;
      if ('name' in each.origin)
        this.problem(each.origin, 'its value is not known', `Use one of: ${allowed.join(', ')}.`);
    }
    return undefined;
  }

  /** Members of an object in the file. */
  names(at: Pointer): string[] {
    const value = valueAt(this.#options.file, at);
    return isObject(value) ? Object.keys(value) : [];
  }

  /** Entries of a list in the file, whatever they are. */
  items(at: Pointer): Json[] {
    const value = valueAt(this.#options.file, at);
    return Array.isArray(value) ? value : [];
  }

  list(at: Pointer): Sourced<string>[] {
    const value = valueAt(this.#options.file, at);
    return (Array.isArray(value) ? value : []).flatMap((item, index) =>
      typeof item === 'string' ? [{ value: item, origin: { at: `${at}/${index}` } }] : [],
    );
  }

  /** The content of a secret's file; undefined, with a finding, where there is nothing to read. */
  async secret(file: Sourced<string> | undefined): Promise<string | undefined> {
    if (file === undefined) return undefined;
    try {
      const secret = await this.#options.readSecret(file.value);
      if (secret !== '') return secret;
      this.problem(file.origin, `the file ${file.value} is empty`, 'Write the secret into it.');
    } catch (error) {
      this.#unreadable(file, error);
    }
    return undefined;
  }

  /** A value of the file, whatever it is. */
  value(at: Pointer): Json | undefined {
    return valueAt(this.#options.file, at);
  }

  /** The content of a file that the configuration names; undefined, with a finding, where there is none. */
  async content(file: Sourced<string>): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.#options.readFile(file.value);
      if (bytes !== undefined) return bytes;
      this.problem(file.origin, `there is no file ${file.value}`, 'Correct the path, or add the file.');
    } catch (error) {
      this.#unreadable(file, error);
    }
    return undefined;
  }

  problem(origin: Origin, message: string, fix: string, part: 'key' | 'value' = 'value'): void {
    const named = 'name' in origin;
    this.diagnostics.push({
      code: named ? 'config/variable' : 'config/rule',
      severity: 'error',
      message: named ? `${origin.name}: ${message}` : message,
      fix,
      place: named ? { file: origin.name } : this.#options.placeOf(origin.at, part),
    });
  }

  #unreadable({ origin, value }: Sourced<string>, error: unknown): void {
    const why = (error as { code?: unknown }).code;
    this.problem(
      origin,
      `the file ${value} can't be read${typeof why === 'string' ? ` (${why})` : ''}`,
      'Check its path and permissions.',
    );
  }

  #fromFile<T extends Json>(at: Pointer, is: (value: Json) => value is T): Sourced<T> | undefined {
    const value = valueAt(this.#options.file, at);
    return value !== undefined && is(value) ? { value, origin: { at } } : undefined;
  }
}
