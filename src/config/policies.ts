import { parseManifest } from '../domain/job/parse-manifest.js';
import { makePolicy, type Policy } from '../domain/job/validate/policy.js';
import { placeText } from '../domain/source/diagnostic.js';
import { isObject, pointer, valueAt, type JsonObject } from '../domain/source/json.js';
import { DEFAULTS } from './defaults.js';
import type { Settings } from './settings.js';

/** Codes of all policies that the file has anywhere: a rule level or a silence may name any of them. */
export function policyCodes(settings: Settings): string[] {
  const bases = ['', ...settings.names('/environments').map((name) => pointer('environments', name))];
  return bases.flatMap((base) =>
    settings.items(`${base}/policies`).flatMap((item) => {
      const name = isObject(item) ? item['name'] : undefined;
      return typeof name === 'string' ? [`policy/${name}`] : [];
    }),
  );
}

/** The policies for all environments, then those of this one; the same name again replaces it. */
export async function policiesOf(
  settings: Settings,
  environment: string,
  jobKinds?: readonly string[],
): Promise<Policy[]> {
  const policies = new Map<string, Policy>();
  for (const base of ['', pointer('environments', environment)])
    for (const [index] of settings.items(`${base}/policies`).entries()) {
      const policy = await policyAt(settings, `${base}/policies/${index}`, jobKinds);
      if (policy !== undefined) policies.set(policy.name, policy);
    }
  return [...policies.values()];
}

async function policyAt(
  settings: Settings,
  at: string,
  jobKinds?: readonly string[],
): Promise<Policy | undefined> {
  const name = settings.text(`${at}/name`)?.value;
  const schema = await schemaAt(settings, `${at}/schema`);
  if (name === undefined || schema === undefined) return undefined;
  // A misspelt kind would be a policy for nothing.
  for (const { value, origin } of settings.list(`${at}/kinds`))
    if (jobKinds?.includes(value) === false)
      settings.problem(origin, `there is no kind of job "${value}"`, `Known are: ${jobKinds.join(', ')}.`);
  const description = settings.text(`${at}/description`)?.value;
  try {
    return makePolicy(schema, {
      name,
      level: settings.oneOf(['error', 'warning'], settings.text(`${at}/level`)) ?? DEFAULTS.policy.level,
      files: settings.list(`${at}/files`).map(({ value }) => value),
      kinds: settings.list(`${at}/kinds`).map(({ value }) => value),
      ...(description === undefined ? {} : { description }),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    settings.problem({ at: `${at}/schema` }, `it is no JSON Schema: ${message}`, 'Correct the schema.');
    return undefined;
  }
}

/** A schema in the file itself, or in a file that it names. */
async function schemaAt(settings: Settings, at: string): Promise<JsonObject | undefined> {
  const named = settings.text(at);
  if (named === undefined) {
    const inline = settings.value(at);
    return isObject(inline) ? inline : undefined;
  }
  const bytes = await settings.content(named);
  if (bytes === undefined) return undefined;
  const { documents, diagnostics } = parseManifest(named.value, bytes);
  const schema = valueAt(documents[0]?.value, '');
  const first = diagnostics.find(({ severity }) => severity === 'error');
  if (first === undefined && isObject(schema)) return schema;
  settings.problem(
    named.origin,
    first === undefined ? `${named.value} holds no schema` : `${placeText(first.place)}: ${first.message}`,
    first?.fix ?? 'A schema is an object.',
  );
  return undefined;
}
