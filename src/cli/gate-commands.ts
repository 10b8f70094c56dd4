import type { CommandKit } from './command-kit.js';
import { outputOption } from './options.js';

/** Commands about what must hold before something is sent. */
export function addGateCommands({ command }: CommandKit): void {
  command(
    'gates [environments...]',
    'which rule holds what now, and when it opens (exit 0 nothing is held, 3 something, 1 error)',
    () => import('./commands/gates.js'),
  ).addOption(outputOption());
}
