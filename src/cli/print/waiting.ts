import { oneLine } from '../../domain/source/one-line.js';
import { short } from '../../domain/source/revision.js';
import { writeLine, type Io } from '../io.js';

export interface ShownWaiting {
  /** What is waited for now. */
  tell(text: string): void;
  /** Takes away what is not so any more. May be called again. */
  close(): void;
}

/** Says what a wait waits for: on a terminal in one line that is kept up to date, elsewhere in a line for each change. */
export function showWaiting(
  environment: string,
  revision: string,
  { stderr }: Pick<Io, 'stderr'>,
): ShownWaiting {
  let said: string | undefined;
  const clear = (): void => {
    if (said !== undefined && stderr.isTTY === true) stderr.write('\r\u001b[K');
  };
  return {
    tell: (text) => {
      const line = `${environment}: waiting for ${short(revision)}: ${oneLine(text)}`;
      if (line === said) return;
      clear();
      if (stderr.isTTY === true) {
        const { columns } = stderr as { columns?: number };
        stderr.write(line.slice(0, (columns || 80) - 1));
      } else writeLine(stderr, line);
      said = line;
    },
    close: () => {
      clear();
      said = undefined;
    },
  };
}
