import type { Diagnostic, Severity } from '../../source/diagnostic.js';
import type { Manifest, Silence } from '../manifest.js';
import type { Policy } from './policy.js';
import { pathMatches } from './path-pattern.js';

/** `ignore`: the rule says nothing. */
export type RuleLevel = Severity | 'ignore';

/** Findings that configuration takes back, for files that can't say it themselves. */
export interface IgnoredFindings {
  rule: string;
  /** Patterns of paths: `*` within a name, `**` over folders. */
  files: readonly string[];
  reason: string;
}

/** What an environment makes of the rules. */
export interface RulePolicy {
  levels: Readonly<Record<string, RuleLevel>>;
  ignored: readonly IgnoredFindings[];
  /** Rules of the team's own. */
  policies: readonly Policy[];
}

export const EVERY_RULE: RulePolicy = { levels: {}, ignored: [], policies: [] };

/** Of the rules about how a file is written those that are advice. */
export const CHANGEABLE_MANIFEST_RULES = [
  'manifest/yaml-1.1',
  'manifest/ignore-reason',
  'manifest/ignore-unused',
  'manifest/twin-path',
] as const;

/**
 * Rules about how a file is written: without them there is no job to speak of, so they can't be changed or silenced.
 * Everything else is a person's decision, also a rule of the scheduler: then the scheduler itself refuses.
 */
export function isChangeable(code: string): boolean {
  return !code.startsWith('manifest/') || CHANGEABLE_MANIFEST_RULES.some((each) => each === code);
}

/** Judges findings by a policy and by what the files say of themselves; remembers which silences were of use. */
export class Judge {
  readonly #policy: RulePolicy;
  readonly #silences = new Map<string, Silence[]>();
  readonly #used = new Set<string>();

  constructor(policy: RulePolicy, manifests: readonly Manifest[]) {
    this.#policy = policy;
    for (const silence of manifests.flatMap(({ silences = [] }) => silences)) {
      const same = this.#silences.get(silence.file);
      if (same === undefined) this.#silences.set(silence.file, [silence]);
      else same.push(silence);
    }
  }

  /** The findings that stay, each with the severity that it has here. */
  judge(found: readonly Diagnostic[]): Diagnostic[] {
    return found.flatMap((each) => {
      if (!isChangeable(each.code)) return [each];
      const level = Object.hasOwn(this.#policy.levels, each.code)
        ? (this.#policy.levels[each.code] ?? each.severity)
        : each.severity;
      if (level === 'ignore' || this.#isIgnored(each) || this.#isSilenced(each)) return [];
      return [level === each.severity ? each : { ...each, severity: level }];
    });
  }

  /** Silences that say nothing, or too little. Asked for last. */
  leftovers(): Diagnostic[] {
    const found: Diagnostic[] = [];
    for (const [file, silences] of this.#silences) {
      for (const { line, codes, reason, shared = false } of silences) {
        const place = { file, line, column: 1 };
        if (codes.length === 0 || reason === undefined)
          found.push({
            code: 'manifest/ignore-reason',
            severity: 'warning',
            message:
              codes.length === 0
                ? 'it names no rule, and takes nothing back'
                : 'it has no reason, and takes nothing back',
            fix: 'Write it as  # towline-ignore RULE: REASON',
            place,
          });
        else if (!shared)
          for (const code of codes.filter((each) => !this.#used.has(`${file}\n${line}\n${each}`)))
            found.push({
              code: 'manifest/ignore-unused',
              severity: 'warning',
              message: `there is no finding of ${code} to take back`,
              fix: 'Remove it: it would hide the next one.',
              place,
            });
      }
    }
    return this.judge(found);
  }

  #isIgnored({ code, place }: Diagnostic): boolean {
    return this.#policy.ignored.some(
      ({ rule, files }) => rule === code && files.some((pattern) => pathMatches(place.file, pattern)),
    );
  }

  #isSilenced({ code, place }: Diagnostic): boolean {
    let silenced = false;
    for (const { line, target, wholeFile, codes, reason } of this.#silences.get(place.file) ?? []) {
      if (reason === undefined || !codes.includes(code)) continue;
      if (!wholeFile && target !== place.line) continue;
      this.#used.add(`${place.file}\n${line}\n${code}`);
      silenced = true;
    }
    return silenced;
  }
}
