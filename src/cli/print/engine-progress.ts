import type { EngineLine } from '../../ports/image-engine.js';
import type { Io } from '../io.js';

export interface EngineProgress {
  onLine(line: EngineLine): void;
  /** Takes the moving line away. */
  close(): void;
}

/**
 * Shows on standard error what an engine says. On a terminal the layers that move stand in one line at the bottom, which is
 * written over; elsewhere, as in a CI system's log, each layer has a line for each thing that happens to it.
 */
export function engineProgress({ stderr }: Pick<Io, 'stderr'>): EngineProgress {
  const moving = stderr.isTTY === true;
  const columns = (stderr as { columns?: number }).columns ?? 80;
  /** What was said last of each layer. */
  const said = new Map<string, string>();
  const layers = new Map<string, { current: number; total: number }>();
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write('\r\u001b[K');
    shown = false;
  };
  return {
    onLine: ({ id, text, progress }) => {
      if (id !== undefined && progress !== undefined && moving) {
        layers.set(id, progress);
        const line = sumOf(text, layers);
        clear();
        stderr.write(line.slice(0, columns - 1));
        shown = true;
        return;
      }
      if (id !== undefined) {
        layers.delete(id);
        if (said.get(id) === text) return;
        said.set(id, text);
      }
      clear();
      stderr.write(id === undefined ? `${text}\n` : `${id}: ${text}\n`);
    },
    close: clear,
  };
}

function sumOf(text: string, layers: ReadonlyMap<string, { current: number; total: number }>): string {
  const [current, total] = [...layers.values()].reduce<[number, number]>(
    ([done, all], layer) => [done + layer.current, all + Math.max(layer.total, layer.current)],
    [0, 0],
  );
  const share = total === 0 ? 0 : Math.floor((100 * current) / total);
  return `${text} ${layers.size === 1 ? '1 layer' : `${layers.size} layers`}, ${megabytes(current)} of ${megabytes(total)} (${share} %)`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
