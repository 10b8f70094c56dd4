import { digest } from '../../../domain/source/digest.js';
import type { JsonObject } from '../../../domain/source/json.js';
import { DIGEST_LABEL, normaliseApp, normalisePod } from './normalise/index.js';
import { listAt, objectAt, textAt } from './rules/rule.js';

/**
 * What is run, as a short digest of what Git states of it. Not in it: the number of instances, or scaling would restart
 * (reference: marathon.md §2.3 rule 13), our own labels, and what a server fills in where nothing is written.
 */
export function definitionDigest(kind: string, spec: JsonObject): string {
  const form = kind === 'pod' ? normalisePod(spec) : normaliseApp(spec);
  const { instances: _instances, scaling: _scaling, ...rest } = form;
  return digest(withoutChoices(rest)).slice('sha256:'.length, 'sha256:'.length + 16);
}

/** True where the digest that a job carries is not of itself. One without a digest proves nothing. */
export function isCopy({ kind, spec }: { kind: string; spec: JsonObject }): boolean {
  const carried = textAt(objectAt(spec, 'labels'), DIGEST_LABEL);
  return kind !== 'group' && carried !== undefined && carried !== definitionDigest(kind, spec);
}

/** What the server chooses where Git leaves it open: roles, ports, names of default networks, defaults by version. */
function withoutChoices(form: JsonObject): JsonObject {
  const {
    role: _role,
    acceptedResourceRoles: _roles,
    maxLaunchDelaySeconds: _delay,
    unreachableStrategy: _unreachable,
    scheduling: _scheduling,
    networks: _networks,
    ...rest
  } = form;
  const container = objectAt(rest, 'container');
  const without = (items: ReturnType<typeof listAt>, name: string): JsonObject[] =>
    items.map((item) =>
      Object.fromEntries(Object.entries(item as JsonObject).filter(([key]) => key !== name)),
    );
  return {
    ...rest,
    ...(rest['portDefinitions'] === undefined
      ? {}
      : { portDefinitions: without(listAt(rest, 'portDefinitions'), 'port') }),
    ...(container?.['portMappings'] === undefined
      ? {}
      : {
          container: {
            ...container,
            portMappings: without(listAt(container, 'portMappings'), 'servicePort'),
          },
        }),
  };
}
