import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { definitionDigest } from '../model/digest.js';
import { DIGEST_LABEL, OWNER_LABEL } from '../model/normalise/index.js';
import { portsOf } from '../model/rules/facts.js';
import { objectAt, objectsAt, textAt, upperAt } from '../model/rules/rule.js';
import { SERVER_FIELDS } from '../model/server-form.js';

/**
 * The body of a full replacement: what Git states, with the labels of ownership. A group gets its own attributes only:
 * `apps` or `groups` in it would destroy what they do not list (reference: marathon.md §1.2).
 */
export function bodyOf(kind: string, spec: JsonObject, environment: string): JsonObject {
  if (kind === 'group') return groupBody(spec);
  const body = kind === 'app' ? withPortIndices(withoutNulls(spec)) : withoutNulls(spec);
  return {
    ...body,
    labels: {
      ...(objectAt(body, 'labels') ?? {}),
      [OWNER_LABEL]: environment,
      [DIGEST_LABEL]: definitionDigest(kind, spec),
    },
  };
}

/**
 * What ran before, as a body: everything that only the server writes is taken out, nulls of old servers as well. An
 * empty `tty` and a check's port position are put as they have to be sent so that nothing changes.
 */
export function formerBody(kind: string, spec: JsonObject): JsonObject {
  if (kind === 'group') return groupBody(spec);
  const kept = Object.entries(withoutNulls(spec)).filter(
    ([name, value]) =>
      !SERVER_FIELDS.has(name) && name !== 'residency' && !(name === 'tty' && value === false),
  );
  return Object.fromEntries(kept);
}

/**
 * The definition as it stands with another number of instances, so that nothing restarts. What Git states would do the
 * same only almost: labels of ours would be added to an adopted app, and a check without a port position would get one
 * where it had none (reference: marathon.md §2.3 rule 10). A partial update is worse: it drops resource limits (§1.2).
 */
export function scaledBody(kind: string, live: JsonObject, instances: number): JsonObject {
  const former = formerBody(kind, live);
  if (kind === 'pod')
    return { ...former, scaling: { ...(objectAt(former, 'scaling') ?? { kind: 'fixed' }), instances } };
  const body: JsonObject = { ...former, instances };
  if (!objectsAt(body, 'healthChecks').some(lacksPortIndex)) return body;
  // Written port definitions are what would make it add one; those of the default need not be written.
  return isDefaultPorts(body['portDefinitions']) ? without(body, 'portDefinitions') : body;
}

function lacksPortIndex(check: JsonObject): boolean {
  return (
    upperAt(check, 'protocol') !== 'COMMAND' &&
    check['port'] === undefined &&
    check['portIndex'] === undefined
  );
}

function isDefaultPorts(definitions: Json | undefined): boolean {
  if (!Array.isArray(definitions) || definitions.length !== 1) return false;
  const [only] = definitions;
  return (
    isObject(only) &&
    textAt(only, 'name') === 'default' &&
    (textAt(only, 'protocol') ?? 'tcp') === 'tcp' &&
    Object.keys(objectAt(only, 'labels') ?? {}).length === 0
  );
}

/** Always written: whether Marathon adds it by itself depends on how and when it reads the definition (rule 10). */
function withPortIndices(app: JsonObject): JsonObject {
  const checks = objectsAt(app, 'healthChecks');
  if (!checks.some(lacksPortIndex) || portsOf(app).length === 0) return app;
  return {
    ...app,
    healthChecks: checks.map((check) => (lacksPortIndex(check) ? { ...check, portIndex: 0 } : check)),
  };
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

function without(value: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
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
