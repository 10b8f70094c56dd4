import { oneLine } from '../source/one-line.js';
import { short } from '../source/revision.js';
import type { Signature } from '../trust/index.js';
import { matcher } from './pattern.js';
import { actionOf, branchOf, type PushedRef } from './pushed-ref.js';

/** Paths that only some may change. */
export interface ProtectedPaths {
  paths: readonly string[];
  /** Signers as the signers' file or the GPG key calls them, or fingerprints of keys. */
  allow: readonly string[];
}

/** What a push must hold to. */
export interface PushPolicy {
  protect: readonly ProtectedPaths[];
  /** True: on every branch; else on those that fit a pattern. */
  requireSigned: boolean | readonly string[];
  /** Full names of refs that are a record: they only grow. */
  records: readonly string[];
  /** Who may write the record; undefined: whoever may push. */
  recordWriters?: readonly string[];
}

/** A commit that a push brings to a ref. */
export interface CommitFacts {
  id: string;
  /** Absent where no rule asks for it. */
  signature?: Signature;
  /** Paths that the commit itself changed; of a merge those that it decided and neither side. */
  paths: readonly string[];
}

/** What is known of one pushed ref. */
export interface RefFacts {
  ref: PushedRef;
  /** Commits that are new for the ref, in any order. */
  commits: readonly CommitFacts[];
  /** What the ref had is in the history of what it gets; of a new ref true. */
  forwards: boolean;
  /** Where it is not: the paths in which the old and the new state differ. */
  replaced: readonly string[];
}

/** Why a ref is refused, and what to do. */
export interface PushFinding {
  ref: string;
  code: 'unsigned' | 'protected' | 'record' | 'deleted' | 'replace';
  message: string;
  fix: string;
}

/** Which facts a ref has to be judged by; nothing else need be read. */
export interface Demands {
  signed: boolean;
  paths: boolean;
  record: boolean;
}

export function demandsOn(policy: PushPolicy, name: string): Demands {
  const branch = branchOf(name);
  const record = policy.records.includes(name);
  return {
    record,
    signed: !record && branch !== undefined && mustBeSigned(policy, branch),
    paths: !record && branch !== undefined && policy.protect.length > 0,
  };
}

function isReplacement({ requireSigned, protect }: PushPolicy, name: string): boolean {
  const asks = requireSigned === true || (Array.isArray(requireSigned) && requireSigned.length > 0);
  return name.startsWith('refs/replace/') && (asks || protect.length > 0);
}

function mustBeSigned({ requireSigned }: PushPolicy, branch: string): boolean {
  if (typeof requireSigned === 'boolean') return requireSigned;
  return matcher(requireSigned)(branch);
}

/** Everything that a push to one ref does against the policy; empty: nothing. */
export function judgePush(policy: PushPolicy, facts: RefFacts): PushFinding[] {
  const { name } = facts.ref;
  if (isReplacement(policy, name))
    return [
      {
        ref: name,
        code: 'replace',
        message: 'it would let git show other commits than those that were signed',
        fix: 'Leave refs/replace out of the push.',
      },
    ];
  const demands = demandsOn(policy, name);
  if (demands.record) return judgeRecord(policy, facts);
  return [
    ...(demands.signed ? judgeSigned(facts) : []),
    ...(demands.paths ? policy.protect.flatMap((rule) => judgePaths(rule, facts)) : []),
  ];
}

function judgeRecord({ recordWriters }: PushPolicy, { ref, forwards, commits }: RefFacts): PushFinding[] {
  const finding = (message: string, fix: string): PushFinding => ({
    ref: ref.name,
    code: 'record',
    message,
    fix,
  });
  if (actionOf(ref) === 'delete')
    return [finding('this is the record of deploys, which is not deleted', 'Leave it out of the push.')];
  if (!forwards)
    return [
      finding(
        'this is the record of deploys, which only grows; the push would replace a part of it',
        'Fetch it, and push without --force what comes after it.',
      ),
    ];
  if (recordWriters === undefined) return [];
  return commits
    .filter(({ signature }) => !isBy(signature, recordWriters))
    .map(({ id, signature }) =>
      finding(
        `commit ${short(id)} is not signed by a writer of the record: ${stateText(signature)}`,
        'Only workers write it, and people by towline approve and the like (hooks.recordWriters).',
      ),
    );
}

function judgeSigned({ ref, commits }: RefFacts): PushFinding[] {
  if (actionOf(ref) === 'delete')
    return [
      {
        ref: ref.name,
        code: 'deleted',
        message: 'a branch whose commits must be signed is not deleted by a push',
        fix: 'Delete it on the server, where that is meant: git branch -D.',
      },
    ];
  return commits
    .filter(({ signature }) => signature?.state !== 'good')
    .map(({ id, signature }) => ({
      ref: ref.name,
      code: 'unsigned',
      message: `commit ${short(id)} has no good signature: ${stateText(signature)}`,
      fix: 'Sign it (git commit --amend -S; several: git rebase --exec "git commit --amend --no-edit -S"), with a key of the signers before this push.',
    }));
}

function judgePaths({ paths, allow }: ProtectedPaths, facts: RefFacts): PushFinding[] {
  const { ref, commits, forwards, replaced } = facts;
  const isProtected = matcher(paths);
  const who = allow.length === 0 ? 'nobody' : allow.map(oneLine).join(', ');
  const finding = (message: string, fix: string): PushFinding => ({
    ref: ref.name,
    code: 'protected',
    message,
    fix,
  });
  const fix = `Allowed: ${who}. Take the change out, or let one of them commit and sign it.`;
  if (actionOf(ref) === 'delete') return [];
  const rewound = forwards ? undefined : replaced.find((path) => isProtected(path));
  if (rewound !== undefined)
    return [
      finding(
        `${oneLine(rewound)} is protected, and the push would replace commits and change it`,
        'Push without --force: a protected path is changed by new commits only.',
      ),
    ];
  return commits.flatMap(({ id, paths: changed, signature }) => {
    const hit = changed.filter((path) => isProtected(path));
    const [first] = hit;
    if (first === undefined || isBy(signature, allow)) return [];
    const more = hit.length > 1 ? ` and ${hit.length - 1} more` : '';
    const by =
      signature?.state === 'good' ? `it is signed by ${signerText(signature)}` : stateText(signature);
    return [finding(`${oneLine(first)}${more}: protected, changed by commit ${short(id)}: ${by}`, fix)];
  });
}

function isBy(signature: Signature | undefined, allowed: readonly string[]): boolean {
  if (signature?.state !== 'good') return false;
  return [signature.by, signature.key].some((who) => who !== undefined && allowed.includes(who));
}

function signerText({ by, key }: Signature): string {
  return oneLine(by ?? key ?? 'somebody');
}

function stateText(signature: Signature | undefined): string {
  if (signature === undefined) return 'it is not signed';
  if (signature.state === 'good') return `it is signed by ${signerText(signature)}`;
  return oneLine(signature.reason ?? signature.state);
}
