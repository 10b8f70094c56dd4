import { isObject, setOwn, type Json, type JsonObject } from '../../source/json.js';

/** A value as it would come back out of a file: what is undefined is not there. */
export function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value)) return plainObject(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

export function plainObject(value: object): JsonObject {
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(value))
    if (member !== undefined) setOwn(result, name, plain(member));
  return result;
}
