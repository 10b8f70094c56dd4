import type { EnvironmentConfig } from '../config/config.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import { firstState, type Order } from '../domain/record/orders.js';
import type { GateOrder } from '../domain/record/gate-orders.js';
import { short } from '../domain/source/revision.js';
import { isoTime } from '../ports/clock.js';
import type { Ledger } from '../ports/ledger.js';
import { branchTip } from '../queries/branch-tip.js';
import { treesAt } from '../queries/revision-files.js';
import { EXIT } from '../runtime/exit-codes.js';
import { systemClock } from '../runtime/system-clock.js';
import { giveOrder } from '../workers/deploy/order.js';
import { whoAmI } from './ci-environment.js';
import type { Session } from './compose.js';
import { oneEnvironment } from './give-order.js';
import { writeLine, type GlobalFlags, type Io } from './io.js';
import { withShownSession } from './shown-session.js';

export interface GateFlags extends GlobalFlags {
  env?: string;
  reason?: string;
  by?: string;
  dryRun?: boolean;
}

/** What an order to gates is made from. */
export interface GateScene {
  session: Session;
  environment: EnvironmentConfig;
  ledger: Ledger;
  state: LedgerState | undefined;
  /** Who asks, when, and why. */
  asked: { by: string; at: string; reason?: string };
  io: Io;
  flags: GateFlags;
}

export interface Wanted {
  order: Omit<GateOrder, 'by' | 'at'>;
  /** `release shop/web:1.1.0 is vetoed`. */
  done: string;
  /** What is said where that changes nothing. */
  nothing: string;
  /** Shown before, to people. */
  print?: (io: Io) => void;
}

/** Puts an order to gates on record, signed by the person who gives it where their git is set up for that. */
export function gateOrder(
  wantedOf: (scene: GateScene) => Promise<Wanted>,
  flags: GateFlags,
  io: Io,
): Promise<number> {
  return withShownSession(flags, io, async (session, shown) => {
    const environment = oneEnvironment(session, flags.env);
    const ledger = await session.ledger(environment, { asPerson: true });
    const { state } = await ledger.head({ signal: io.signal });
    const { reason, by = whoAmI(io.env), dryRun = false } = flags;
    const asked = { by, at: isoTime(systemClock), ...(reason === undefined ? {} : { reason }) };
    const scene = { session, environment, ledger, state, asked, io: shown.io, flags };
    const { order, done, nothing, print } = await wantedOf(scene);
    if (flags.output !== 'json') print?.(shown.io);
    const commit = dryRun ? undefined : await given({ ...asked, refs: [], ...order }, scene);
    const { verb, plan, vetoes, until } = order;
    if (flags.output === 'json')
      writeLine(
        io.stdout,
        JSON.stringify({ environment: environment.name, verb, plan, vetoes, until, commit: commit ?? null }),
      );
    else if (dryRun) writeLine(shown.io.stdout, `${environment.name}: would be said: ${done}`);
    else if (commit === undefined) writeLine(shown.io.stdout, `${environment.name}: ${nothing}`);
    else writeLine(shown.io.stdout, `${environment.name}: ${done} (${short(commit)} on ${ledger.branch})`);
    return EXIT.done;
  });
}

/** Also before the first deploy: what is said then is about the tip of the branch. */
async function given(order: Order, scene: GateScene): ReturnType<typeof giveOrder> {
  const { session, environment, ledger, state, io } = scene;
  const targets = {
    ledger,
    kv: await session.kv(),
    layout: session.layout(environment),
    log: session.log,
  };
  if (state !== undefined) return giveOrder(targets, order, io.signal);
  const repository = await session.repository();
  const tip = await branchTip(repository, environment.branch, io.signal);
  const trees = await treesAt(repository, tip, environment.layers, io.signal);
  return giveOrder({ ...targets, first: firstState(environment.name, tip, trees) }, order, io.signal);
}
