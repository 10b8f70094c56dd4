import type { ModelContext } from '../../../../../domain/job/scheduler-model.js';
import { isObject, pointer, type JsonObject } from '../../../../../domain/source/json.js';
import { objectAt, textAt, type Report } from '../rule.js';

/** A place that names a secret. */
export interface SecretUse {
  name: string;
  at: string;
}

/** Environment variables that take their value from a secret. */
export function secretsOfEnv(of: JsonObject, field: string, at = ''): SecretUse[] {
  return Object.entries(objectAt(of, field) ?? {}).flatMap(([variable, value]) => {
    const name = isObject(value) ? textAt(value, 'secret') : undefined;
    return name === undefined ? [] : [{ name, at: `${at}/${field}${pointer(variable)}` }];
  });
}

export function secretAt(of: JsonObject | undefined, at: string): SecretUse[] {
  const name = textAt(of, 'secret');
  return name === undefined ? [] : [{ name, at: `${at}/secret` }];
}

export function checkSecretUses(uses: readonly SecretUse[], spec: JsonObject, report: Report): void {
  const declared = objectAt(spec, 'secrets') ?? {};
  for (const { name, at } of uses)
    if (!Object.hasOwn(declared, name))
      report(
        at,
        `the secret ${JSON.stringify(name)} is not declared`,
        `Add "secrets": {${JSON.stringify(name)}: {"source": "PATH"}}.`,
      );
}

/** Whether the environment says which features the server has, and this one is not among them. */
export function featureOff({ settings }: ModelContext, feature: string): boolean {
  return (
    settings['features'] !== undefined && !settings['features'].split(',').some((f) => f.trim() === feature)
  );
}

export function reportFeature(feature: string, what: string, at: string, report: Report): void {
  report(
    at,
    `${what} the feature ${feature}, which this server does not have`,
    `Start Marathon with --enable_features ${feature}, or change the setting features.`,
  );
}
