import { Option, type Command } from 'commander';
import type { CommandKit } from './command-kit.js';
import { dryRunOption, outputOption, positive } from './options.js';

/** Commands by which people open gates, or close them. */
export function addApprovalCommands({ command }: CommandKit): void {
  const person = (made: Command): Command =>
    made
      .option('-e, --env <environment>', 'the environment, where there are several')
      .option('--by <who>', 'who wants it (default: from the environment)')
      .addOption(dryRunOption())
      .addOption(outputOption());
  const reasoned = (made: Command): Command =>
    person(made).option('-m, --reason <text>', 'why; it goes on record');

  reasoned(
    command(
      'approve <plan>',
      'approve the plan with this id, if it is still what would be done',
      () => import('./commands/approve.js'),
    ),
  );
  reasoned(
    command(
      'veto <target>',
      'let a revision, IMAGE:TAG, or the definition of a job not be deployed or promoted until it is lifted',
      () => import('./commands/veto.js'),
    ),
  );
  reasoned(
    command(
      'lift <target>',
      'take back a veto: of a revision, IMAGE:TAG, or a job; or "all"',
      () => import('./commands/lift.js'),
    ),
  );
  person(
    command(
      'break-glass',
      'open all gates for a while, in an emergency',
      () => import('./commands/break-glass.js'),
    ),
  )
    .requiredOption('-m, --reason <text>', 'why; it goes on record')
    .addOption(
      new Option('--minutes <count>', 'how long (default, and at most: as the policy allows)').argParser(
        positive,
      ),
    );
  reasoned(
    command(
      'seal',
      'close the gates again that were opened by break-glass',
      () => import('./commands/seal.js'),
    ),
  );
}
