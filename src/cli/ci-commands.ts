import { Option } from 'commander';
import type { CommandKit } from './command-kit.js';
import { duration } from './duration.js';
import { outputOption } from './options.js';

/** Commands that a CI job waits for. */
export function addCiCommands({ command }: CommandKit): void {
  command(
    'wait <revision>',
    'wait until a revision is live (exit 0 live, 3 held, 5 failed, 6 superseded, 7 not in time, 8 nothing mirrored)',
    () => import('./commands/wait.js'),
  )
    .option('-e, --env <environment>', 'the environment, where there are several')
    .addOption(
      new Option('--timeout <time>', 'how long: 90s, 15m, 2h').default(900_000, '15m').argParser(duration),
    )
    .addOption(outputOption());
}
