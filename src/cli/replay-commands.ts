import type { CommandKit } from './command-kit.js';
import { adoptOption, outputOption } from './options.js';

/** Commands that plan without a scheduler: again what is on record, or what has not come yet. */
export function addReplayCommands({ command }: CommandKit): void {
  command(
    'replay [range]',
    'make recorded plans again, A..B of the ledger or all, and compare (exit 0 the same, 2 others, 1 error)',
    () => import('./commands/replay.js'),
  )
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(outputOption());

  command(
    'simulate <revision>',
    'plan a revision on what was last sent, with no scheduler at hand (exit codes as plan)',
    () => import('./commands/simulate.js'),
  )
    .option('-e, --env <environment...>', 'environments (default: all)')
    .option('--at <time>', 'as if it were this time, for example 2026-12-24T18:00:00Z (default: now)')
    .addOption(adoptOption())
    .option('--allow-prune', 'plan as if deletions above the limit were allowed')
    .addOption(outputOption());
}
