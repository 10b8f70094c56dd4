import type { CommandKit } from './command-kit.js';
import { insecureRegistryOption } from './image-commands.js';
import { dryRunOption, outputOption } from './options.js';

/** Commands by which builds announce releases, and people look at them. */
export function addReleaseCommands({ program, command }: CommandKit): void {
  command('release <image>', 'put IMAGE:TAG into KV as a release', () => import('./commands/release.js'))
    .option('--digest <digest>', 'sha256:... of the image')
    .option('--verify', 'only if its registry has it; its digest goes on record')
    .addOption(insecureRegistryOption())
    .option('--source-commit <id>', 'commit that it was built from (default: from the CI environment)')
    .option('--source-repository <url>', 'repository that it was built from')
    .option('--source-branch <branch>', 'branch that it was built from (default: from the CI environment)')
    .option('--build-url <url>', 'the CI build')
    .option('--by <who>', 'who announces it')
    .addOption(outputOption());

  const releases = program.command('releases').description('releases: list, show, veto');
  command(
    'list',
    'the newest release of every image',
    () => import('./commands/releases-list.js'),
    releases,
  ).addOption(outputOption());
  command(
    'show <image>',
    'the newest release of an image, and which environments may not have it',
    () => import('./commands/releases-show.js'),
    releases,
  ).addOption(outputOption());
  command(
    'veto <image>',
    'let IMAGE:TAG not be deployed or promoted until that is lifted',
    () => import('./commands/releases-veto.js'),
    releases,
  )
    .option('-e, --env <environment>', 'the environment, where there are several')
    .option('-m, --reason <text>', 'why; it goes on record')
    .option('--by <who>', 'who wants it (default: from the environment)')
    .addOption(dryRunOption())
    .addOption(outputOption());
}
