import { Command, InvalidArgumentError, Option } from 'commander';
import type { GlobalFlags, Io } from './io.js';
import { VERSION } from './version.js';

/** What a command module offers: it does its work and answers with the exit code. */
type Run = (args: string[], flags: never, io: Io) => Promise<number>;

/**
 * All commands with their flags. A command's module, with everything that it needs, is loaded only when it runs, so
 * that `--help` costs next to nothing.
 */
export function buildProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('towline')
    .description(
      'GitOps for Consul and Mesos: Git -> Consul KV -> Marathon and Chronos, every step on record in Git',
    )
    .version(VERSION, '-V, --version')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .option('-c, --config <file>', 'towline.yaml to use (TOWLINE_CONFIG)')
    .addOption(
      new Option('--log-level <level>', 'trace, debug, info, warn, error or silent (TOWLINE_LOG_LEVEL)'),
    )
    .showHelpAfterError('(see: towline COMMAND --help)');

  const command = (
    usage: string,
    summary: string,
    load: () => Promise<{ run: Run }>,
    parent: Command = program,
  ): Command =>
    parent
      .command(usage)
      .description(summary)
      .action(async (...all: unknown[]) => {
        const self = all.at(-1) as Command;
        const { run } = await load();
        done(
          await run(
            self.args,
            { ...program.opts<GlobalFlags>(), ...self.opts<Record<string, unknown>>() } as never,
            io,
          ),
        );
      });

  const output = (): Option =>
    new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
  const once = (): Option => new Option('--once', 'one pass, then end');
  const dryRun = (): Option => new Option('--dry-run', 'stop after the plan and print it (one pass)');

  command(
    'init',
    'write a commented towline.yaml that fits this repository',
    () => import('./commands/init.js'),
  )
    .option('--force', 'replace an existing towline.yaml')
    .option('--stdout', 'print it instead of writing it')
    .option('--no-editor', 'no schemas and settings for VS Code');

  command(
    'validate [paths...]',
    'check manifests: files, folders, "-" for standard input, or all environments',
    () => import('./commands/validate.js'),
  )
    .option('-e, --env <environment>', 'check this environment only')
    .option('-r, --revision <revision>', 'check a revision instead of the work tree')
    .option('--range <from..to>', 'check only what a range of revisions changed, and what depends on it')
    .option('--stdin-name <name>', 'file name of standard input; its end says how it is read', 'stdin.yaml')
    .option('--no-cache', 'read every file anew, also what was read before with the same content')
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['text', 'json', 'junit', 'sarif', 'github', 'gitlab'])
        .default('text'),
    );

  command(
    'render <environment> [job]',
    'show the jobs of an environment as its layers make them, and where each value comes from',
    () => import('./commands/render.js'),
  )
    .option('-r, --revision <revision>', 'render a revision instead of the work tree')
    .addOption(output());

  command(
    'diff <environment> <other>',
    'compare two environments job by job',
    () => import('./commands/diff.js'),
  )
    .option('-r, --revision <revision>', 'compare at a revision instead of in the work tree')
    .option('--exit-code', 'exit 2 where they differ')
    .addOption(output());

  command(
    'schema [name]',
    'print a JSON Schema for editors and other tools',
    () => import('./commands/schema.js'),
  );

  command(
    'plan [environments...]',
    'show what a deploy would do (exit 0 nothing, 2 changes, 3 held, 1 error)',
    () => import('./commands/plan.js'),
  )
    .option('-r, --revision <revision>', 'plan a revision instead of the work tree')
    .addOption(adoptOption())
    .option('--allow-prune', 'plan as if deletions above the limit were allowed')
    .addOption(output());

  command(
    'mirror [names...]',
    'bring repositories into Consul KV (import-git2consul FILE: print such a configuration as mirrors of towline.yaml)',
    () => import('./commands/mirror.js'),
  )
    .option('--allow-deletes', 'allow deletions above the limit, this once')
    .option('--allow-rewrite', 'follow a forced push that is held, this once')
    .option('--git2consul-config <file>', 'run a configuration of git2consul: a file, or consul:KEY')
    .option('--git2consul-trim', 'texts lose the white space around them, as there')
    .option('--git2consul-links', 'links to files of the same folder are copies of them, as there')
    .option('--hook-host <address>', 'address that webhooks of git2consul listen on', '127.0.0.1')
    .addOption(once())
    .addOption(dryRun())
    .addOption(output());

  command(
    'deploy [environments...]',
    'make Marathon and Chronos run what KV says',
    () => import('./commands/deploy.js'),
  )
    .addOption(once())
    .addOption(waitOption())
    .addOption(timeoutOption())
    .option('-r, --revision <revision>', 'with --wait: this revision, or what has come after it')
    .addOption(dryRun())
    .addOption(adoptOption())
    .option('--retry [job]', 'try failed jobs again although nothing changed')
    .option('--allow-prune', 'allow deletions above the limit, this once')
    .addOption(output());

  command(
    'drift [environments...]',
    'what was changed by hand since the last deploy (exit 0 nothing, 2 something, 1 error)',
    () => import('./commands/drift.js'),
  ).addOption(output());

  command(
    'export <environment> [job]',
    'live jobs as manifests, without defaults: for a first import',
    () => import('./commands/export.js'),
  )
    .option('--out <folder>', 'write a file for each job, instead of printing them')
    .addOption(output());

  const order = (usage: string, summary: string, load: () => Promise<{ run: Run }>): Command =>
    command(usage, summary, load)
      .option('-e, --env <environment>', 'the environment, where there are several')
      .option('-m, --reason <text>', 'why; it goes on record')
      .option('--by <who>', 'who orders it (default: from the environment)')
      .addOption(output());
  order(
    'pause [job]',
    'send nothing for a job, or for an environment, until it is resumed',
    () => import('./commands/pause.js'),
  );
  order('resume [job]', 'let a paused job or environment go on', () => import('./commands/resume.js'))
    .addOption(waitOption())
    .addOption(timeoutOption());
  order('retry [job]', 'try what failed again as it is', () => import('./commands/retry.js'))
    .addOption(waitOption())
    .addOption(timeoutOption());
  order('restart <job>', 'replace all tasks of a job as they are', () => import('./commands/restart.js'))
    .addOption(waitOption())
    .addOption(timeoutOption());

  command(
    'handle <environment>',
    'one pass, started by consul watch (JSON on standard input)',
    () => import('./commands/handle.js'),
  )
    .addOption(
      new Option('-w, --worker <worker>', 'which worker')
        .choices(['deploy', 'promote', 'mirror'])
        .default('deploy'),
    )
    .option('--strict', 'exit non-zero also for what the next change can cure (this ends a consul watch)');

  command('release <image>', 'put IMAGE:TAG into KV as a release', () => import('./commands/release.js'))
    .option('--digest <digest>', 'sha256:... of the image')
    .option('--source-commit <id>', 'commit that it was built from (default: from the CI environment)')
    .option('--source-repository <url>', 'repository that it was built from')
    .option('--build-url <url>', 'the CI build')
    .option('--by <who>', 'who announces it')
    .addOption(output());

  command(
    'promote [image]',
    'commit a release into an environment; without IMAGE: follow the releases in KV',
    () => import('./commands/promote.js'),
  )
    .option('-e, --env <environment...>', 'environments (default: all)')
    .addOption(once())
    .addOption(dryRun())
    .addOption(output());

  command(
    'run [workers...]',
    'run workers as a daemon: mirror, deploy, promote (default: all)',
    () => import('./commands/run.js'),
  )
    .option('-e, --env <environment...>', 'environments (default: all)')
    .option('--no-server', 'no webhook, health and metrics server')
    .option('--listen <address>', 'address of the server, for example 127.0.0.1:7070');

  command('status [environments...]', 'how every job stands', () => import('./commands/status.js')).addOption(
    output(),
  );

  command('history [job]', 'what was done, from the ledger', () => import('./commands/history.js'))
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(new Option('-n, --limit <count>', 'entries').default(20).argParser(positive))
    .addOption(output());

  command(
    'why <thing>',
    'why something runs: a job, a task id or HOST:PORT',
    () => import('./commands/why.js'),
  )
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(output());

  command(
    'sandbox',
    'serve Consul KV, Marathon and Chronos on this machine',
    () => import('./commands/sandbox.js'),
  )
    .option('--dir <folder>', 'where its state is kept', '.towline/sandbox')
    .addOption(
      new Option(
        '--docker <when>',
        'run jobs that name an image in Docker, where it answers and has the image',
      )
        .choices(['auto', 'off'])
        .default('auto'),
    )
    .addOption(new Option('--consul-port <port>', 'port of the Consul API').default(8500).argParser(port))
    .addOption(new Option('--marathon-port <port>', 'port of the Marathon API').default(8080).argParser(port))
    .addOption(new Option('--chronos-port <port>', 'port of the Chronos API').default(4400).argParser(port));

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
  return program;
}

function adoptOption(): Option {
  return new Option('--adopt [job]', 'take over jobs that exist and are not owned (all, or one reference)');
}

function waitOption(): Option {
  return new Option('--wait', 'until it runs, or it is clear what of it does not');
}

function timeoutOption(): Option {
  return new Option('--timeout <seconds>', 'with --wait: how long').default(900).argParser(positive);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number above 0 is needed');
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is 0 to 65535');
  return value;
}
