import { parseImageRef } from '../../job/image-ref.js';
import { digest } from '../../source/digest.js';
import { valueAt } from '../../source/json.js';
import { askedText } from '../asked.js';
import type { Change } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { GateDecision, Veto } from '../policy.js';
import { isSent, refsOf } from './sent.js';

type Vetoing = Pick<PlanInput, 'environment' | 'revision' | 'trees' | 'schedulers' | 'facts'>;

/** What must not be sent until somebody lifts the veto: of a revision everything, of an image or a definition its jobs. */
export function vetoes(changes: readonly Change[], input: Vetoing): GateDecision[] {
  const standing = input.facts.vetoes;
  if (standing.length === 0) return [];
  const sent = changes.filter(isSent);
  return [...standing].sort(byName).flatMap((veto): GateDecision[] => {
    const held = sent.filter((change) => isVetoed(change, veto, input));
    if (held.length === 0) return [];
    return [
      {
        gate: 'veto',
        name: veto.name,
        verdict: 'held',
        refs: refsOf(held),
        reason: `${vetoedText(veto)} is vetoed ${askedText(veto)}; to lift that: towline lift ${veto.name} --env ${input.environment}`,
      },
    ];
  });
}

function isVetoed(change: Change, veto: Veto, input: Vetoing): boolean {
  if (veto.kind === 'revision') return isVetoedRevision(veto, input);
  // What ends something brings nothing bad into the world, whatever it was made of.
  if (change.desired === undefined || change.action === 'delete' || change.action === 'kill') return false;
  if (veto.kind === 'job')
    return change.ref === veto.name && veto.digests.includes(digest(change.desired.spec));
  return usesImage(change, veto.name, input);
}

/** It, or another commit with the same content. */
function isVetoedRevision({ name, digests }: Veto, { revision, trees }: Vetoing): boolean {
  return revision === name || (trees.length > 0 && trees.every(({ tree }) => digests.includes(tree)));
}

function usesImage({ desired, document, scheduler }: Change, name: string, { schedulers }: Vetoing): boolean {
  const model = schedulers.get(scheduler)?.model;
  const vetoed = nameAndTag(name);
  if (model === undefined || desired === undefined || vetoed === undefined) return false;
  return model.images(desired).some((at) => {
    const value = valueAt(document ?? desired.spec, at);
    return typeof value === 'string' && nameAndTag(value) === vetoed;
  });
}

/** Without a tag it is `latest`, unless a digest says which one it is. */
function nameAndTag(text: string): string | undefined {
  const image = parseImageRef(text);
  if (image === undefined) return undefined;
  const tag = image.tag ?? (image.digest === undefined ? 'latest' : undefined);
  return tag === undefined ? undefined : `${image.name}:${tag}`;
}

function vetoedText({ kind, name }: Veto): string {
  if (kind === 'revision') return `the revision ${name.slice(0, 10)}`;
  return kind === 'release' ? `the release ${name}` : `this definition of ${name}`;
}

function byName(a: Veto, b: Veto): number {
  const [left, right] = [`${a.kind} ${a.name}`, `${b.kind} ${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
