import { Option, type Command } from 'commander';
import type { CommandKit } from './command-kit.js';
import { outputOption } from './options.js';

export function insecureRegistryOption(): Option {
  return new Option(
    '--insecure-registry <host...>',
    'registries that are asked without TLS (those of this machine always are)',
  );
}

/** Commands that build images and bring them to registries, by Docker's engine or Podman's. */
export function addImageCommands({ program, command }: CommandKit): void {
  const image = program.command('image').description('images: build, tag, push, inspect');
  const many = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
  const prints = (made: Command): Command => made.addOption(outputOption());

  prints(
    command(
      'build [context]',
      'build an image from a folder; its tags and labels say which source it is',
      () => import('./commands/image-build.js'),
      image,
    ),
  )
    .requiredOption('-n, --name <name>', 'name with its registry, without a tag')
    .addOption(
      new Option(
        '-t, --tag <rule>',
        'commit, commit-short, branch, semver, or a tag itself; can be repeated (default: commit)',
      ).argParser(many),
    )
    .option('-f, --file <dockerfile>', "the Dockerfile (default: the context's)")
    .addOption(
      new Option('--build-arg <key=value>', 'KEY alone takes its value from the environment').argParser(many),
    )
    .addOption(new Option('--label <key=value>', 'one more label, or another value').argParser(many))
    .option('--target <stage>', 'build this stage')
    .option('--pull', 'ask for newer base images')
    .option('--no-cache', 'run every step anew')
    .option('--buildkit', 'build by BuildKit, where the engine has it');
  prints(
    command(
      'tag <image> <names...>',
      'give an image more names',
      () => import('./commands/image-tag.js'),
      image,
    ),
  );
  prints(
    command(
      'push <images...>',
      'send images to their registries, and check that they came there as they are',
      () => import('./commands/image-push.js'),
      image,
    ),
  ).addOption(insecureRegistryOption());
  prints(
    command(
      'inspect <image>',
      'what the engine and the registry have of an image',
      () => import('./commands/image-inspect.js'),
      image,
    ),
  )
    .option('--no-registry', 'ask the engine only')
    .addOption(insecureRegistryOption());
}
