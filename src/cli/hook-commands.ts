import type { CommandKit } from './command-kit.js';

/** Commands that git starts. */
export function addHookCommands({ program, command }: CommandKit): void {
  const hook = program.command('hook').description('git hooks of the job repository');
  const hooks = () => import('./commands/hook.js');
  command(
    'install <repository>',
    'write the hooks into a bare repository',
    () => import('./commands/hook-install.js'),
    hook,
  )
    .option(
      '--towline-config <file>',
      'configuration that the hooks use (default: towline.yaml in the pushed revision)',
    )
    .option('--notify <url>', 'webhook of a running towline, instead of mirroring from the hook');
  command(
    'pre-receive',
    'refuse a push that would break an environment',
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
    'start the mirror after a push',
    async () => ({ run: (await hooks()).postReceive }),
    hook,
  )
    .option('--wait', 'mirror before the push returns, and show it to the pusher')
    .option('--notify <url>', 'webhook of a running towline, instead of mirroring from the hook');
}
