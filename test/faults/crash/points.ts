/** Counts the moments at which a process may die: before and after everything that it waits for. */
export interface Points {
  reached(name: string): void;
}

/** Dies at the nth point, as hard as a process can; told everything that it passes. */
export function pointsUntil(killAt: number | undefined): Points & { readonly names: string[] } {
  const names: string[] = [];
  return {
    names,
    reached(name) {
      names.push(name);
      if (names.length === killAt) process.kill(process.pid, 'SIGKILL');
    },
  };
}

/** No method of these waits. */
const AT_ONCE = new Set(['guard', 'readBlobs']);

/** A port, each of whose methods has a point before it is called and one after it has ended. */
export function watched<T extends object>(port: T, name: string, points: Points): T {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function' || typeof key !== 'string' || AT_ONCE.has(key))
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      return async (...args: unknown[]): Promise<unknown> => {
        points.reached(`before ${name}.${key}`);
        try {
          return await (Reflect.apply(member, target, args) as Promise<unknown>);
        } finally {
          points.reached(`after ${name}.${key}`);
        }
      };
    },
  });
}
