import { randomUUID } from 'node:crypto';
import type { Engine, Mode } from './engine.js';
import type { Events } from './events.js';
import { ApiError, asDoc, asList, type Action, type Deployment, type Doc } from './types.js';

/** What one request changes: the definition of each id before and after; null: absent. */
export interface Change {
  id: string;
  kind: 'app' | 'pod';
  before: Doc | null;
  after: Doc | null;
  /** `restart`: more than the number of instances changed; `scale`: only that; `none`: nothing that runs. */
  effect: 'start' | 'restart' | 'scale' | 'stop' | 'none';
}

/** Running deployments: made of changes, locked against each other, moved on step by step. */
export class Deployments {
  readonly running: Deployment[] = [];

  constructor(
    readonly engine: Engine,
    readonly events: Events,
    readonly changed: () => void,
  ) {}

  /** Throws 409 where a running deployment touches the same ids; with force that one is cancelled, half-done as it is. */
  claim(ids: readonly string[], force: boolean): void {
    const overlapping = this.running.filter((d) => d.steps.flat().some((a) => ids.includes(a.id)));
    if (overlapping.length === 0) return;
    if (!force)
      throw new ApiError(409, {
        message: `App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.`,
        deployments: overlapping.map(({ id }) => ({ id })),
      });
    for (const deployment of overlapping)
      this.#end(deployment, 'deployment_failed', { reason: 'The upgrade has been cancelled' });
  }

  /** Begins a deployment. One without anything to do gets an id as well, and is never seen in the list. */
  begin(changes: readonly Change[], version: string): string {
    const id = randomUUID();
    const acting = changes.filter((c) => c.effect !== 'none');
    if (acting.length === 0) return id;
    const deployment: Deployment = {
      id,
      version,
      steps: stepsOf(acting, this.engine),
      currentStep: 0,
      original: Object.fromEntries(acting.map((c) => [c.id, c.before])),
      target: Object.fromEntries(acting.map((c) => [c.id, c.after])),
      stopping: acting.filter((c) => c.effect === 'stop').map((c) => c.id),
    };
    this.running.push(deployment);
    this.events.emit('group_change_success', { groupId: '/', version });
    this.events.emit('deployment_info', { plan: planOf(deployment), currentStep: { actions: [] } });
    this.changed();
    return id;
  }

  /** How each spec is to be driven now. */
  modeOf(id: string): Mode {
    for (const { steps, currentStep } of this.running) {
      const at = steps.findIndex((actions) =>
        actions.some((a) => a.id === id && !a.action.startsWith('Start')),
      );
      if (at < 0) continue;
      if (at > currentStep - 1) return 'hold';
      const action = steps[at]?.find((a) => a.id === id)?.action ?? '';
      if (at < currentStep - 1) return 'steady';
      return action.startsWith('Stop') ? 'stop' : action.startsWith('Restart') ? 'restart' : 'steady';
    }
    return this.engine.specs.has(id) ? 'steady' : 'stop';
  }

  /** Moves every deployment on whose current step is done. */
  advance(): void {
    for (const deployment of [...this.running]) {
      while (deployment.currentStep === 0 || this.#stepDone(deployment)) {
        if (deployment.currentStep > 0)
          this.events.emit('deployment_step_success', {
            plan: planOf(deployment),
            currentStep: { actions: wire(deployment.steps[deployment.currentStep - 1] ?? []) },
          });
        if (deployment.currentStep >= deployment.steps.length) {
          this.#end(deployment, 'deployment_success', {});
          break;
        }
        deployment.currentStep += 1;
        this.changed();
      }
    }
  }

  cancel(id: string, force: boolean): Deployment | undefined {
    const deployment = this.running.find((d) => d.id === id);
    if (deployment !== undefined && force)
      this.#end(deployment, 'deployment_failed', { reason: 'The upgrade has been cancelled' });
    return deployment;
  }

  list(): Doc[] {
    return this.running.map((d) => {
      const current = d.steps[d.currentStep - 1] ?? [];
      const ids = [...new Set(d.steps.flat().map((a) => a.id))];
      const isPod = (id: string): boolean =>
        d.steps.flat().some((a) => a.id === id && a.action.endsWith('Pod'));
      return {
        id: d.id,
        version: d.version,
        affectedApps: ids.filter((i) => !isPod(i)),
        affectedPods: ids.filter(isPod),
        steps: d.steps.map((actions) => ({ actions: wire(actions) })),
        currentActions: wire(current).map((a) => ({
          ...a,
          readinessCheckResults: this.#readiness(String(a['app'] ?? '')),
        })),
        currentStep: d.currentStep,
        totalSteps: d.steps.length,
      };
    });
  }

  #readiness(id: string): Doc[] {
    const [check] = asList(this.engine.specs.get(id)?.spec['readinessChecks']).map(asDoc);
    const version = this.engine.specs.get(id)?.configVersion;
    if (check === undefined) return [];
    return this.engine
      .of(id)
      .filter((task) => task.version === version && !task.killing)
      .map((task) => ({ name: check['name'], taskId: task.id, ready: task.ready }));
  }

  #stepDone({ steps, currentStep }: Deployment): boolean {
    return (steps[currentStep - 1] ?? []).every(({ action, id }) => {
      if (action.startsWith('Start')) return true;
      if (action.startsWith('Stop')) return this.engine.of(id).length === 0;
      return this.engine.settled(id);
    });
  }

  #end(deployment: Deployment, event: string, more: Doc): void {
    const at = this.running.indexOf(deployment);
    if (at >= 0) this.running.splice(at, 1);
    this.events.emit(event, { id: deployment.id, plan: planOf(deployment), ...more });
    this.changed();
  }
}

/** Stops first, then starts (which do nothing), then one step for each depth of the dependencies. */
function stepsOf(changes: readonly Change[], engine: Engine): Action[][] {
  const name = (verb: string, { kind }: Change): Action['action'] =>
    `${verb}${kind === 'pod' ? 'Pod' : 'Application'}` as Action['action'];
  const steps: Action[][] = [];
  const stops = changes.filter((c) => c.effect === 'stop');
  if (stops.length > 0) steps.push(stops.map((c) => ({ action: name('Stop', c), id: c.id })));
  const starts = changes.filter((c) => c.effect === 'start');
  if (starts.length > 0) steps.push(starts.map((c) => ({ action: name('Start', c), id: c.id })));
  const rest = changes.filter((c) => c.effect !== 'stop');
  const depth = depths(rest, engine);
  for (const level of [...new Set(depth.values())].sort((a, b) => a - b)) {
    const here = rest.filter((c) => depth.get(c.id) === level);
    steps.push(
      here.map((c) => ({ action: name(c.effect === 'restart' ? 'Restart' : 'Scale', c), id: c.id })),
    );
  }
  return steps;
}

function depths(changes: readonly Change[], engine: Engine): Map<string, number> {
  const depth = new Map<string, number>();
  const of = (id: string, seen: ReadonlySet<string>): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    const spec = engine.specs.get(id)?.spec ?? asDoc(changes.find((c) => c.id === id)?.after);
    const below = asList(spec['dependencies'])
      .map(String)
      .flatMap((d) => changes.filter((c) => (c.id === d || c.id.startsWith(`${d}/`)) && !seen.has(c.id)));
    const value = Math.max(0, ...below.map((c) => 1 + of(c.id, new Set([...seen, id]))));
    depth.set(id, value);
    return value;
  };
  for (const { id } of changes) of(id, new Set());
  return depth;
}

function wire(actions: readonly Action[]): Doc[] {
  return actions.map(({ action, id }) => ({
    action,
    ...(action.endsWith('Pod') ? { pod: id } : { app: id }),
  }));
}

function planOf({ id, version, steps }: Deployment): Doc {
  return { id, version, steps: steps.map((actions) => ({ actions: wire(actions) })) };
}
