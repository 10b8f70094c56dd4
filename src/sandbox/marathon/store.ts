import type { Deployments } from './deployments.js';
import { type Change } from './deployments.js';
import type { Engine } from './engine.js';
import { storedApp } from './stored/app.js';
import { storedPod } from './stored/pod.js';
import { ApiError, asDoc, asList, numberOf, type Doc, type GroupAttributes, type RunSpec } from './types.js';
import { validateApp, validateDependencies, validatePod } from './validate.js';

/** A definition to put in place; null: to remove. */
export interface Wanted {
  kind: 'app' | 'pod';
  input: Doc | null;
  /** The rest of it was taken from the stored one. */
  partial?: boolean;
}

/** Definitions and what changes them: every write goes through `change`, all of it or nothing. */
export class Store {
  readonly groups = new Map<string, GroupAttributes>();
  rootVersion = new Date().toISOString();

  constructor(
    readonly engine: Engine,
    readonly deployments: Deployments,
    readonly changed: () => void,
  ) {}

  /** Puts definitions in place (null: removes them) as one deployment. Answers its id and version. */
  change(wanted: ReadonlyMap<string, Wanted>, force: boolean): { version: string; deploymentId: string } {
    const version = this.#nextVersion();
    const changes: (Change & { stored: Doc | null })[] = [];
    for (const [id, { kind, input, partial = false }] of wanted) {
      const former = this.engine.specs.get(id);
      if (input === null) {
        changes.push({
          id,
          kind,
          before: former?.spec ?? null,
          after: null,
          stored: null,
          effect: former === undefined ? 'none' : 'stop',
        });
        continue;
      }
      if (kind === 'app') validateApp(input, id);
      else validatePod(input, id);
      const stored = kind === 'app' ? storedApp(input, id, former?.spec, { partial }) : storedPod(input, id);
      changes.push({
        id,
        kind,
        before: former?.spec ?? null,
        after: stored,
        stored,
        effect: effectOf(former, stored),
      });
    }
    this.#checkGraph(changes);
    const acting = changes.filter((c) => c.effect !== 'none').map((c) => c.id);
    this.deployments.claim(acting, force);
    for (const { id, kind, stored, effect } of changes) this.#store(id, kind, stored, effect, version);
    if (acting.length > 0) this.rootVersion = version;
    const deploymentId = this.deployments.begin(changes, version);
    this.changed();
    return { version, deploymentId };
  }

  #store(
    id: string,
    kind: 'app' | 'pod',
    stored: Doc | null,
    effect: Change['effect'],
    version: string,
  ): void {
    const former = this.engine.specs.get(id);
    if (stored === null) {
      this.engine.specs.delete(id);
      return;
    }
    if (effect === 'none') return;
    this.#makeGroups(id);
    const config = effect !== 'scale';
    const next: RunSpec = {
      kind,
      id,
      spec: stored,
      version,
      configVersion: config ? version : (former?.configVersion ?? version),
      scalingVersion: config || former === undefined ? version : version,
      versions: [{ version, spec: stored }, ...(former?.versions ?? [])].slice(0, 50),
      failures: config ? 0 : (former?.failures ?? 0),
      delayUntil: config ? 0 : (former?.delayUntil ?? 0),
      declined: {},
      ...(former?.lastTaskFailure === undefined ? {} : { lastTaskFailure: former.lastTaskFailure }),
      ...(former?.terminated === undefined ? {} : { terminated: former.terminated }),
    };
    this.engine.specs.set(id, next);
  }

  /** Groups are made for what stands in them, and stay when it goes. */
  #makeGroups(id: string): void {
    const parts = id.split('/').slice(1, -1);
    parts.forEach((_, at) => {
      const group = `/${parts.slice(0, at + 1).join('/')}`;
      if (!this.groups.has(group)) this.groups.set(group, { dependencies: [] });
    });
  }

  /** Restarts everything of a spec without any change. */
  restart(id: string, force: boolean): { version: string; deploymentId: string } {
    const spec = this.engine.specs.get(id);
    if (spec === undefined) throw notFound(id);
    this.deployments.claim([id], force);
    const version = this.#nextVersion();
    Object.assign(spec, { version, configVersion: version, failures: 0, delayUntil: 0 });
    const deploymentId = this.deployments.begin(
      [{ id, kind: spec.kind, before: spec.spec, after: spec.spec, effect: 'restart' }],
      version,
    );
    return { version, deploymentId };
  }

  #checkGraph(changes: readonly { id: string; stored: Doc | null }[]): void {
    const graph = new Map<string, string[]>();
    for (const [id, { spec }] of this.engine.specs) graph.set(id, asList(spec['dependencies']).map(String));
    for (const { id, stored } of changes) {
      if (stored === null) graph.delete(id);
      else graph.set(id, asList(stored['dependencies']).map(String));
    }
    for (const [group, { dependencies }] of this.groups)
      for (const [id, own] of graph) if (id.startsWith(`${group}/`)) graph.set(id, [...own, ...dependencies]);
    validateDependencies(graph);
  }

  #nextVersion(): string {
    // Two changes within a millisecond still get versions of their own.
    const now = Math.max(Date.now(), Date.parse(this.rootVersion) + 1);
    const version = new Date(now).toISOString();
    this.rootVersion = version;
    return version;
  }
}

export function notFound(id: string): ApiError {
  return new ApiError(404, { message: `App '${id}' does not exist` });
}

/** Everything but instances restarts (reference: marathon.md §2.3); pods ignore a few fields more. */
function effectOf(former: RunSpec | undefined, stored: Doc): Change['effect'] {
  if (former === undefined) return 'start';
  const pod = former.kind === 'pod';
  const count = (spec: Doc): number =>
    pod ? numberOf(asDoc(spec['scaling'])['instances'], 1) : numberOf(spec['instances'], 1);
  const rest = (spec: Doc): string => {
    if (!pod) return canonical({ ...spec, instances: 0, executorResources: 0 });
    const { killSelection: _k, unreachableStrategy: _u, ...scheduling } = asDoc(spec['scheduling']);
    return canonical({
      ...spec,
      scaling: 0,
      executorResources: 0,
      legacySharedCgroups: 0,
      scheduling,
      version: 0,
    });
  };
  if (rest(former.spec) !== rest(stored)) return 'restart';
  return count(former.spec) === count(stored) ? 'none' : 'scale';
}

export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const doc = value as Doc;
  return `{${Object.keys(doc)
    .filter((k) => doc[k] !== undefined)
    .sort()
    .map((k) => `${JSON.stringify(k)}:${canonical(doc[k])}`)
    .join()}}`;
}
