import type { CommandKit } from './command-kit.js';
import { outputOption } from './options.js';

/** Commands for those who have to prove, or to be shown, what was done. */
export function addAuditCommands({ program, command }: CommandKit): void {
  const audit = program.command('audit').description('check what is on record, and take it along');
  command(
    'verify [environments...]',
    'follow the chain from the first entry to what runs (exit 0 whole, 4 a link does not hold, 1 error)',
    () => import('./commands/audit-verify.js'),
    audit,
  )
    .option('--bundle <file>', 'check a bundle instead: no server and no other repository is asked')
    .option('--since <commit>', 'an entry that you have kept the id of: the ledger must still hold it')
    .option('--replay', 'make every recorded plan again as well, and compare')
    .option('--all', 'show every link that does not hold, not only the first one')
    .addOption(outputOption());
  command(
    'bundle <environment>',
    'put everything that verify looks at into one file',
    () => import('./commands/audit-bundle.js'),
    audit,
  )
    .requiredOption('--out <file>', 'the file to write')
    .addOption(outputOption());
}
