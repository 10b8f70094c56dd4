import { Option } from 'commander';
import type { CommandKit } from './command-kit.js';
import { duration } from './duration.js';
import { outputOption } from './options.js';

const NOTIFY = 'webhook of a running towline, instead of mirroring from the hook';

/** Commands that git starts, and those on what they left. */
export function addHookCommands({ program, command }: CommandKit): void {
  const hook = program.command('hook').description('git hooks of the job repository');
  const hooks = () => import('./commands/hook.js');
  const installed = () => import('./commands/hook-install.js');
  const outbox = () => import('./commands/hook-outbox.js');
  command(
    'install <repository>',
    'write the hooks into a repository; those that are there are kept and run first',
    async () => ({ run: (await installed()).install }),
    hook,
  )
    .option(
      '--towline-config <file>',
      'configuration that the hooks use (default: towline.yaml in the pushed revision)',
    )
    .option('--notify <url>', NOTIFY);
  command(
    'uninstall <repository>',
    'take the hooks away, and put those back that were there before',
    async () => ({ run: (await installed()).uninstall }),
    hook,
  );
  command(
    'pre-receive',
    'refuse a push that would break an environment or a rule of the repository',
    async () => ({ run: (await hooks()).preReceive }),
    hook,
  );
  command(
    'update <ref> <old> <new>',
    'the same for one ref',
    async () => ({ run: (await hooks()).update }),
    hook,
  );
  command(
    'post-receive',
    'start what comes after a push: builds, or the mirror',
    async () => ({ run: (await hooks()).postReceive }),
    hook,
  )
    .option('--wait', 'mirror before the push returns, and show it to the pusher')
    .option('--notify <url>', NOTIFY);
  command(
    'flush <repository>',
    'send what pushes have left to be sent (exit 1 where something is left)',
    async () => ({ run: (await outbox()).flush }),
    hook,
  )
    .option('--again', 'also what was set aside')
    .addOption(
      new Option('--every <time>', 'go on, and look again after so long: 30s, 5m').argParser(duration),
    )
    .option('--notify <url>', NOTIFY);
  command(
    'status <repository>',
    'what waits to be sent, and what was set aside, with the reason',
    async () => ({ run: (await outbox()).status }),
    hook,
  ).addOption(outputOption());
}
