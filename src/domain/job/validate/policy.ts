import type { Diagnostic, Severity } from '../../source/diagnostic.js';
import type { JsonObject } from '../../source/json.js';
import type { Job } from '../job.js';
import { pathMatches } from './path-pattern.js';
import { schemaCheck } from './schema-check.js';

/** A rule of the team: a JSON Schema that some of its jobs must fit besides everything else. */
export interface Policy {
  /** Its findings have the code `policy/NAME`. */
  name: string;
  level: Severity;
  /** Patterns of paths in the repository; a job is meant where one of its files fits. Empty: all. */
  files: readonly string[];
  /** Kinds of jobs in native words (`app`, `pod`, `scheduled` …). Empty: all. */
  kinds: readonly string[];
  /** Why it is so, and what to write instead: shown with every finding. */
  description?: string;
  check(job: Job): Diagnostic[];
}

/** A policy from its schema (draft-07 or 2020-12). Throws where the schema itself is wrong. */
export function makePolicy(schema: JsonObject, policy: Omit<Policy, 'check'>): Policy {
  const check = schemaCheck(schema, 'policy', { foreign: true });
  // Compiles it now: a policy with a slip must not be found out in the middle of a deploy.
  check({}, (pointer) => ({ file: '', pointer }));
  const { name, level, description } = policy;
  return {
    ...policy,
    check: (job) =>
      isMeant(policy, job)
        ? check(job.spec, (at, part) => job.source.placeOf(at, part)).map((each) => ({
            ...each,
            code: `policy/${name}`,
            severity: level,
            ...(description === undefined ? {} : { fix: description }),
          }))
        : [],
  };
}

function isMeant({ files, kinds }: Pick<Policy, 'files' | 'kinds'>, { kind, source }: Job): boolean {
  return (
    (kinds.length === 0 || kinds.includes(kind)) &&
    (files.length === 0 || source.files.some((file) => files.some((pattern) => pathMatches(file, pattern))))
  );
}
