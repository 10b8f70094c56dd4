import { Command, Option } from 'commander';
import { addApprovalCommands } from './approval-commands.js';
import { addAuditCommands } from './audit-commands.js';
import { addCiCommands } from './ci-commands.js';
import type { CommandKit, Run } from './command-kit.js';
import { addGateCommands } from './gate-commands.js';
import { addHookCommands } from './hook-commands.js';
import { addImageCommands } from './image-commands.js';
import type { GlobalFlags, Io } from './io.js';
import { addLedgerCommands } from './ledger-commands.js';
import {
  adoptOption,
  dryRunOption,
  onceOption,
  outputOption,
  port,
  positive,
  timeoutOption,
  waitOption,
} from './options.js';
import { addPeopleCommands } from './people-commands.js';
import { addReleaseCommands } from './release-commands.js';
import { addReplayCommands } from './replay-commands.js';
import { VERSION } from './version.js';

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

  const kit: CommandKit = { program, command };

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
    )
    .addOption(
      new Option('--annotate <where>', 'show findings where the change is reviewed, beside the text').choices(
        ['auto', 'github', 'gitlab'],
      ),
    )
    .addOption(
      new Option(
        '--report <file>',
        'write a report as well: .xml JUnit, .sarif, .json code quality; repeatable',
      ).argParser((file: string, before: string[] = []) => [...before, file]),
    );

  command(
    'render <environment> [job]',
    'show the jobs of an environment as its layers make them, and where each value comes from',
    () => import('./commands/render.js'),
  )
    .option('-r, --revision <revision>', 'render a revision instead of the work tree')
    .addOption(outputOption());

  command(
    'graph [job]',
    'draw which jobs come after which, or all around one of them',
    () => import('./commands/graph.js'),
  )
    .option('-e, --env <environment>', 'the environment, where there are several')
    .option('-r, --revision <revision>', 'draw a revision instead of the work tree')
    .addOption(
      new Option('--format <format>', 'a tree, Graphviz, or a picture')
        .choices(['text', 'dot', 'svg'])
        .default('text'),
    )
    .addOption(outputOption());

  command(
    'diff <environment> <other>',
    'compare two environments job by job, or what was sent at two entries of a ledger',
    () => import('./commands/diff.js'),
  )
    .option('-r, --revision <revision>', 'compare at a revision instead of in the work tree')
    .option('--exit-code', 'exit 2 where they differ')
    .addOption(outputOption());

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
    .option(
      '--comment',
      'put the plan into a comment of the merge request as well, in the place of the last one',
    )
    .addOption(
      new Option('--forge <name>', 'with --comment: what the CI does not say').choices([
        'github',
        'gitlab',
        'gitea',
      ]),
    )
    .option('--forge-url <url>', 'address of its API')
    .option('--project <project>', 'OWNER/NAME, a path of groups, or a number')
    .addOption(new Option('--request <number>', 'the merge request').argParser(positive))
    .addOption(outputOption());

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
    .addOption(onceOption())
    .addOption(dryRunOption())
    .addOption(outputOption());

  command(
    'deploy [environments...]',
    'make Marathon and Chronos run what KV says',
    () => import('./commands/deploy.js'),
  )
    .addOption(onceOption())
    .addOption(waitOption())
    .addOption(timeoutOption())
    .option('-r, --revision <revision>', 'with --wait: this revision, or what has come after it')
    .addOption(dryRunOption())
    .addOption(adoptOption())
    .option('--retry [job]', 'try failed jobs again although nothing changed')
    .option('--allow-prune', 'allow deletions above the limit, this once')
    .addOption(outputOption());

  command(
    'drift [environments...]',
    'what was changed by hand since the last deploy (exit 0 nothing, 2 something, 1 error)',
    () => import('./commands/drift.js'),
  ).addOption(outputOption());

  command(
    'export <environment> [job]',
    'live jobs as manifests, without defaults: for a first import',
    () => import('./commands/export.js'),
  )
    .option('--out <folder>', 'write a file for each job, instead of printing them')
    .addOption(outputOption());

  addPeopleCommands(kit);
  addGateCommands(kit);
  addApprovalCommands(kit);
  addReplayCommands(kit);

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

  addReleaseCommands(kit);

  command(
    'promote [image]',
    'commit IMAGE:TAG into an environment, or what runs in another one (--from); without IMAGE: follow the releases in KV',
    () => import('./commands/promote.js'),
  )
    .option('-e, --env <environment...>', 'environments (default: all)')
    .option(
      '--from <environment>',
      'promote what runs there: the same tag and digest of an image or of a job',
    )
    .option('--to <environment>', 'the environment that it is promoted to; the same as --env')
    .option('--allow-downgrade', 'also what is older than what stands there')
    .addOption(onceOption())
    .addOption(dryRunOption())
    .addOption(outputOption());

  command(
    'run [workers...]',
    'run workers as a daemon: mirror, deploy, promote (default: all)',
    () => import('./commands/run.js'),
  )
    .option('-e, --env <environment...>', 'environments (default: all)')
    .option('--no-server', 'no webhook, health and metrics server')
    .option('--listen <address>', 'address of the server, for example 127.0.0.1:7070');

  command(
    'serve',
    'receive webhooks of forges and registries: run, with the mirror and the promoter only',
    () => import('./commands/serve.js'),
  )
    .option('-e, --env <environment...>', 'environments (default: all)')
    .option('--listen <address>', 'address of the server, for example 127.0.0.1:7070');

  command('status [environments...]', 'how every job stands', () => import('./commands/status.js')).addOption(
    outputOption(),
  );

  addCiCommands(kit);
  addAuditCommands(kit);
  addLedgerCommands(kit);

  command('next <job>', 'when a job comes to run, in its own zone', () => import('./commands/next.js'))
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(new Option('-n, --limit <count>', 'runs').default(10).argParser(positive))
    .addOption(outputOption());

  command(
    'why <thing>',
    'why something runs: a job, a task id, HOST:PORT, a container, an image, or an entry of the ledger',
    () => import('./commands/why.js'),
  )
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(outputOption());

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

  addImageCommands(kit);
  addHookCommands(kit);
  return program;
}
