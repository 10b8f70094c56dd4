import { asDoc, asList, numberOf, type RunSpec, type Task } from './types.js';

export interface Agent {
  id: string;
  cpus: number;
  mem: number;
}

/** An agent with room for one more task; otherwise why each one declined is kept for the queue. */
export function offerFor(
  spec: RunSpec,
  agents: readonly Agent[],
  { tasks, specs }: { tasks: ReadonlyMap<string, Task>; specs: ReadonlyMap<string, RunSpec> },
): Agent | undefined {
  const need = resources(spec);
  const unique = asList(spec.spec['constraints']).some(
    (c) => asList(c)[1] === 'UNIQUE' && asList(c)[0] === 'hostname',
  );
  spec.declined = {};
  for (const agent of agents) {
    const here = [...tasks.values()].filter((t) => t.agent === agent.id);
    const used = here
      .map((t) => specs.get(t.specId))
      .reduce(
        (sum, s) =>
          s === undefined ? sum : { cpus: sum.cpus + resources(s).cpus, mem: sum.mem + resources(s).mem },
        { cpus: 0, mem: 0 },
      );
    const reason =
      used.cpus + need.cpus > agent.cpus
        ? 'InsufficientCpus'
        : used.mem + need.mem > agent.mem
          ? 'InsufficientMemory'
          : unique && here.some((t) => t.specId === spec.id && !t.killing)
            ? 'UnfulfilledConstraint'
            : undefined;
    if (reason === undefined) return agent;
    spec.declined[reason] = (spec.declined[reason] ?? 0) + 1;
  }
  return undefined;
}

function resources({ kind, spec }: RunSpec): { cpus: number; mem: number } {
  if (kind === 'app') return { cpus: numberOf(spec['cpus'], 1), mem: numberOf(spec['mem'], 128) };
  return asList(spec['containers']).reduce<{ cpus: number; mem: number }>(
    (sum, c) => {
      const r = asDoc(asDoc(c)['resources']);
      return { cpus: sum.cpus + numberOf(r['cpus'], 1), mem: sum.mem + numberOf(r['mem'], 128) };
    },
    { cpus: 0, mem: 0 },
  );
}
