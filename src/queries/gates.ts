import type { JobRef } from '../domain/job/job-ref.js';
import { askedText, EVERY_JOB, type Asked } from '../domain/plan/asked.js';
import { glassInForce, isOver } from '../domain/plan/gates/index.js';
import { utcText } from '../domain/plan/gates/local-time.js';
import { closedUntil, closesNext, isProblem, opensAt, readWindow } from '../domain/plan/gates/windows.js';
import type { Plan } from '../domain/plan/plan.js';
import {
  NO_FACTS,
  type FreezeRule,
  type GateDecision,
  type GateFacts,
  type GatePolicy,
} from '../domain/plan/policy.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import type { Revision } from '../domain/source/revision.js';
import type { Ledger } from '../ports/ledger.js';
import { readLedger } from './known.js';

/** How one rule, or what people have ordered, stands now. */
export interface GateState {
  gate: GateDecision['gate'];
  name: string;
  /**
   * open: it stands in nobody's way · closed: nothing would pass, and nothing waits · held, passed, overridden: as it says
   * of the plan.
   */
  state: 'open' | 'closed' | GateDecision['verdict'];
  /** The changes that it is about. */
  refs: readonly JobRef[];
  reason?: string;
  /** ISO 8601, UTC: when it opens by itself, where it is closed. */
  opensAt?: string;
  /** ISO 8601, UTC: when it is closed next. */
  closesAt?: string;
  /** Of a freeze: the zone in which it is stated. */
  zone?: string;
  /** What people can do about it. */
  todo?: string;
}

export interface GateReport {
  environment: string;
  /** What waits for gates, or would be sent; absent where nothing was mirrored yet. */
  plan?: { id: string; digest: string; revision: Revision };
  gates: GateState[];
}

export interface GateSources {
  environment: string;
  policy: GatePolicy;
  ledger: Ledger;
  now: number;
  gateFacts(
    about: { state: LedgerState | undefined; revision: Revision },
    signal: AbortSignal,
  ): Promise<GateFacts>;
}

/** Every rule of the policy and everything on record that can hold a plan, with what it says of the plan. */
export async function readGates(
  sources: GateSources,
  plan: Plan | undefined,
  signal: AbortSignal,
): Promise<GateReport> {
  const { environment, policy, ledger, now } = sources;
  const { state, paused } = await readLedger(ledger, signal);
  const revision = plan?.revision ?? state?.revision;
  const facts = revision === undefined ? NO_FACTS : await sources.gateFacts({ state, revision }, signal);
  const about = { environment, policy, facts, paused, now, ...(plan === undefined ? {} : { plan }) };
  return {
    environment,
    ...(plan === undefined ? {} : { plan: { id: plan.id, digest: plan.digest, revision: plan.revision } }),
    gates: gateStates(about),
  };
}

interface About {
  environment: string;
  policy: GatePolicy;
  facts: GateFacts;
  paused: ReadonlyMap<string, Asked>;
  now: number;
  plan?: Pick<Plan, 'id' | 'decisions'>;
}

/** In the order in which gates are asked. */
export function gateStates(about: About): GateState[] {
  const { policy, facts, now, environment, paused } = about;
  const standing = [...paused].filter(([, asked]) => !isOver(asked, now));
  const glass = glassInForce({ facts, now });
  return [
    ...standing.map(([name, asked]) =>
      decided(about, {
        gate: 'pause',
        name,
        state: 'closed',
        reason: `${name === EVERY_JOB ? 'the environment' : name} is paused ${askedText(asked)}`,
        ...(asked.until === undefined ? {} : { opensAt: asked.until }),
        todo: `towline resume ${name === EVERY_JOB ? '' : `${name} `}--env ${environment}`,
      }),
    ),
    ...facts.vetoes.map(({ kind, name, ...asked }) =>
      decided(about, {
        gate: 'veto',
        name,
        state: 'closed',
        reason: `${kind} ${name} is vetoed ${askedText(asked)}`,
        todo: `towline lift ${name} --env ${environment}`,
      }),
    ),
    decided(about, pruneState(about)),
    ...(policy.radius === undefined
      ? []
      : [decided(about, { gate: 'radius', name: '*', state: 'open', todo: approve(about) })]),
    ...policy.approvals.map(({ name }) =>
      decided(about, { gate: 'approval', name, state: 'open', todo: approve(about) }),
    ),
    ...policy.freezes.map((rule) => decided(about, freezeState(rule, about))),
    ...(glass === undefined
      ? []
      : [
          decided(about, {
            gate: 'break-glass',
            name: EVERY_JOB,
            state: 'open',
            reason: `gates are open ${askedText(glass)}`,
            closesAt: glass.until,
          }),
        ]),
  ];
}

/** As it is without a plan, or as it says of the plan. What is to be done is told only where something is held. */
function decided({ plan }: About, { todo, ...alone }: Omit<GateState, 'refs'>): GateState {
  const decision = plan?.decisions.find(({ gate, name }) => gate === alone.gate && name === alone.name);
  const { verdict: state = alone.state, refs = [] } = decision ?? {};
  return {
    ...alone,
    state,
    refs,
    ...(decision === undefined ? {} : { reason: decision.reason }),
    ...(decision?.opensAt === undefined ? {} : { opensAt: decision.opensAt }),
    ...(todo === undefined || (state !== 'held' && state !== 'closed') ? {} : { todo }),
  };
}

function pruneState(about: About): Omit<GateState, 'refs'> {
  const { enabled } = about.policy.prune;
  return {
    gate: 'prune',
    name: EVERY_JOB,
    state: enabled ? 'open' : 'closed',
    ...(enabled ? {} : { reason: 'pruning is switched off for this environment' }),
    todo: enabled
      ? `${approve(about)}, or towline deploy ${about.environment} --once --allow-prune`
      : `deploy.prune.enabled: true, or towline deploy ${about.environment} --once --allow-prune`,
  };
}

function freezeState(rule: FreezeRule, { now, environment }: About): Omit<GateState, 'refs'> {
  const read = readWindow(rule);
  const base = { gate: 'freeze', name: rule.name, zone: rule.zone } as const;
  if (isProblem(read)) return { ...base, state: 'closed', reason: read.message };
  const isClosed = closedUntil(read, now) !== undefined;
  const [opens, closes] = [isClosed ? opensAt([read], now) : undefined, closesNext(read, now)];
  return {
    ...base,
    state: isClosed ? 'closed' : 'open',
    reason: `from ${rule.from} to ${rule.to}${rule.jobs.length === 0 ? '' : ` for ${rule.jobs.join(', ')}`}`,
    ...(opens === undefined ? {} : { opensAt: utcText(opens) }),
    ...(closes === undefined ? {} : { closesAt: utcText(closes) }),
    todo: `wait, or towline break-glass --env ${environment}`,
  };
}

function approve({ plan }: About): string {
  return `towline approve ${plan?.id ?? 'PLAN'}`;
}
