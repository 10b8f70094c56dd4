import { Option, type Command } from 'commander';
import type { CommandKit } from './command-kit.js';
import { dryRunOption, outputOption, timeoutOption, waitOption } from './options.js';

/** Commands by which people change what runs: commits to the job repository, and orders to deployers. */
export function addPeopleCommands({ program, command }: CommandKit): void {
  const person = (made: Command): Command =>
    made
      .option('-e, --env <environment>', 'the environment, where there are several')
      .option('-m, --reason <text>', 'why; it goes on record')
      .option('--by <who>', 'who wants it (default: from the environment)')
      .addOption(outputOption());
  const waits = (made: Command): Command => made.addOption(waitOption()).addOption(timeoutOption());

  waits(
    person(
      command(
        'scale <job> <count>',
        'commit another number of instances',
        () => import('./commands/scale.js'),
      ),
    ),
  ).addOption(dryRunOption());
  const set = program.command('set').description('commit another value of a job');
  waits(
    person(
      command(
        'image <job> <image>',
        'commit another image of a job',
        () => import('./commands/set-image.js'),
        set,
      ),
    ),
  )
    .option('--from <name>', 'the image that it takes the place of, where the job has several')
    .addOption(dryRunOption());
  waits(
    person(
      command(
        'rollback [job]',
        'commit what an environment, or a job of it, was at an earlier revision',
        () => import('./commands/rollback.js'),
      ),
    ),
  )
    .option('--to <revision>', 'go back to this one (default: the last other one that ended well)')
    .option('--no-veto', 'what is gone back from may be deployed and promoted again')
    .addOption(
      new Option('--shared <what>', 'folders that other environments are made of as well').choices([
        'include',
        'leave',
      ]),
    )
    .addOption(dryRunOption());
  const runs = (made: Command): Command =>
    waits(person(made))
      .option('--runs', 'commit it to the job instead: it does not run by its schedule, or does again')
      .addOption(dryRunOption());
  runs(
    command(
      'pause [job]',
      'send nothing for a job, or for an environment, until it is resumed',
      () => import('./commands/pause.js'),
    ),
  ).option('--until <time>', 'it ends by itself then: 2026-12-24T08:00Z, or 90m, 2h, 3d from now');
  runs(
    command('resume [job]', 'let a paused job or environment go on', () => import('./commands/resume.js')),
  );
  waits(
    person(command('retry [job]', 'try what failed again as it is', () => import('./commands/retry.js'))),
  );
  waits(
    person(command('trigger <job>', 'run a job of Chronos once, now', () => import('./commands/trigger.js'))),
  ).option('--args <text>', 'arguments, put after those of the job');
  waits(
    person(
      command(
        'kill <job>',
        'end the runs of a job of Chronos; the job stays',
        () => import('./commands/kill.js'),
      ),
    ),
  );
  waits(
    person(
      command(
        'restart <job>',
        'replace all tasks of a job as they are',
        () => import('./commands/restart.js'),
      ),
    ),
  );
}
