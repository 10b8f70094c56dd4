import { Option, type Command } from 'commander';
import type { CommandKit } from './command-kit.js';
import { outputOption, positive } from './options.js';
import { whenOf } from './when.js';

/** Commands that read the ledger: what was done, when, by whom. */
export function addLedgerCommands(kit: CommandKit): void {
  const { command } = kit;
  command('history [job]', 'what was done, from the ledger', () => import('./commands/history.js'))
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(new Option('-n, --limit <count>', 'entries').default(20).argParser(positive))
    .addOption(timeOption('--since <time>', 'from this time on: 2026-01-31, an ISO time, or 12h or 3d ago'))
    .addOption(timeOption('--until <time>', 'up to this time'))
    .option('--failed', 'only what failed, was put back, or has no end on record')
    .addOption(
      new Option('--kind <kind...>', 'which entries (default: deploy and order)').choices([
        'deploy',
        'order',
        'mirror',
      ]),
    )
    .option('--all', 'all kinds of entries')
    .addOption(outputOption());

  command(
    'at <time> [environment]',
    'what was declared, sent and observed at a time: 2026-01-31, an ISO time, or 12h or 3d ago',
    () => import('./commands/at.js'),
  )
    .option('--job <job>', 'one job, with what had been sent for it')
    .addOption(outputOption());

  command(
    'blame <job> [pointer]',
    'which entry, commit and approval gave each field of a job its value, or those below a JSON pointer',
    () => import('./commands/blame.js'),
  )
    .option('-e, --env <environment>', 'the environment, where there are several')
    .addOption(outputOption());

  addAuditReport(kit);
}

/** `towline audit report`; `audit` itself is made where it does not exist yet. */
export function addAuditReport({ program, command }: CommandKit): void {
  const audit: Command =
    program.commands.find((each) => each.name() === 'audit') ??
    program.command('audit').description('what the ledger proves');
  command(
    'report',
    'what happened in a time: changes, people, approvals, failures, how long it took',
    () => import('./commands/audit-report.js'),
    audit,
  )
    .option('-e, --env <environment>', 'one environment (default: all)')
    .addOption(timeOption('--since <time>', 'from this time on').makeOptionMandatory())
    .addOption(timeOption('--until <time>', 'up to this time (default: now)'))
    .addOption(
      new Option('--format <format>', 'how to print').choices(['markdown', 'json']).default('markdown'),
    );
}

function timeOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => whenOf(text));
}
