import {
  isObject,
  pointer,
  setOwn,
  type Json,
  type JsonObject,
  type Pointer,
} from '../../../domain/source/json.js';

/** The parts of our schemas that say how a value is read. */
interface Shape {
  type?: unknown;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, Shape>>;
  additionalProperties?: unknown;
  items?: Shape;
  anyOf?: readonly Shape[];
}

/** A definition as Marathon reads it, and where it holds a null that counts as absent. */
export interface Read {
  value: JsonObject;
  nulls: Pointer[];
}

/**
 * Reads a definition as Marathon does (reference: marathon.md §1.1): a null field is an absent one, at any depth, but not
 * in maps and lists, whose nulls are wrong values; enums are read in any case. All else stays as it is.
 */
export function asRead(value: JsonObject, schema: Readonly<Record<string, unknown>>): Read {
  const nulls: Pointer[] = [];
  const read = readValue(value, schema, '', nulls);
  return { value: isObject(read) ? read : value, nulls };
}

function readValue(value: Json, shape: Shape | undefined, at: Pointer, nulls: Pointer[]): Json {
  const form = formOf(value, shape);
  if (typeof value === 'string') return canonical(value, form?.enum);
  if (Array.isArray(value))
    return value.map((item, index) => readValue(item, form?.items, at + pointer(index), nulls));
  return isObject(value) ? readObject(value, form, at, nulls) : value;
}

function readObject(value: JsonObject, form: Shape | undefined, at: Pointer, nulls: Pointer[]): JsonObject {
  const values = isObject(form?.additionalProperties) ? (form.additionalProperties as Shape) : undefined;
  const read: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const known = form?.properties !== undefined && Object.hasOwn(form.properties, name);
    const inner = known ? form.properties?.[name] : values;
    if (member === null && (known || values === undefined)) {
      nulls.push(at + pointer(name));
      continue;
    }
    // Most members are plain: where they stand is needed by none of them.
    const here = typeof member === 'object' ? at + pointer(name) : '';
    setOwn(read, name, readValue(member, inner, here, nulls));
  }
  return read;
}

/** Of several forms the one for this kind of value. */
function formOf(value: Json, shape: Shape | undefined): Shape | undefined {
  if (shape?.anyOf === undefined) return shape;
  const type = Array.isArray(value) ? 'array' : isObject(value) ? 'object' : typeof value;
  return shape.anyOf.find((form) => form.type === type);
}

function canonical(value: string, allowed: readonly unknown[] | undefined): string {
  if (allowed === undefined || allowed.includes(value)) return value;
  const lower = value.toLowerCase();
  const same = allowed.find((each) => typeof each === 'string' && each.toLowerCase() === lower);
  return typeof same === 'string' ? same : value;
}
