import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { OWNER_LABEL } from '../model/normalise/index.js';
import { SERVER_FIELDS } from '../model/server-form.js';

/**
 * The body of a full replacement: what Git states, with the label of ownership. A group gets its own attributes only:
 * `apps` or `groups` in it would destroy what they do not list (reference: marathon.md §1.2).
 */
export function bodyOf(kind: string, spec: JsonObject, environment: string): JsonObject {
  if (kind === 'group') return groupBody(spec);
  const body = withoutNulls(spec);
  const labels = isObject(body['labels']) ? body['labels'] : {};
  return { ...body, labels: { ...labels, [OWNER_LABEL]: environment } };
}

/** What ran before, as a body: everything that only the server writes is taken out, nulls of old servers as well. */
export function formerBody(kind: string, spec: JsonObject): JsonObject {
  if (kind === 'group') return groupBody(spec);
  return Object.fromEntries(
    Object.entries(withoutNulls(spec)).filter(([name]) => !SERVER_FIELDS.has(name) && name !== 'residency'),
  );
}

function groupBody(spec: JsonObject): JsonObject {
  const { id, dependencies, enforceRole } = spec;
  return {
    // Absolute, as it must be: it may move the target.
    ...(id === undefined ? {} : { id }),
    dependencies: dependencies ?? [],
    ...(typeof enforceRole === 'boolean' ? { enforceRole } : {}),
  };
}

function withoutNulls(value: JsonObject): JsonObject {
  const walk = (v: Json): Json => (Array.isArray(v) ? v.map(walk) : isObject(v) ? withoutNulls(v) : v);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): [string, Json][] =>
      member === null ? [] : [[name, walk(member)]],
    ),
  );
}

/** An id as a path, each part percent-encoded. */
export function pathOf(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/');
}
